//! Schedules: when they fire, and the firing itself.
mod cron;
mod fire;
mod jitter;
mod plan;
mod timetable;

pub use self::fire::{FireError, Look, fire_due, fire_now};
pub use self::jitter::jitter;
pub use self::plan::MAX_CAUGHT_UP;
pub use self::timetable::{NoTick, Timetable};
