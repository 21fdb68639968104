//! The admin address: health and metrics. Not for the internet.
mod health;
mod metrics;
mod scaler;
mod state;
mod usable_slots;

pub use self::state::{AdminState, Stalled, admin_router};
