//! The admin address: health and metrics. Not for the internet.
mod health;
mod metrics;
mod state;

pub use self::state::{AdminState, admin_router};
