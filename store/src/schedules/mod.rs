//! Schedules, and what became of their ticks.
//!
//! [`list_due`] asks across tenants which schedules are due; everything else happens inside one tenant.
mod due;
mod find;
mod firings;
mod save;
mod words;

pub(crate) use self::due::disable_for_deletion;
pub use self::due::{Due, DueSchedule, list_due, lock_due, set_next_tick, set_refusal};
pub use self::find::{Schedule, find, list, lock, now};
pub use self::firings::{Decision, Firing, last_fired, list_firings, record, trim_firings, unended_job};
pub use self::save::{MAX_PER_TENANT, NewSchedule, NextTick, create, delete, update};
pub use self::words::{CatchUp, FiringOutcome, Overlap};
