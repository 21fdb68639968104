//! A replica of one knowledge base: both legs, kept at one cursor.

mod apply;
mod disk;
mod expunge;
mod marker;
mod narrowed;
mod open;
mod options;
mod ranked;
mod search;
mod state;
mod vector_leg;

pub(crate) use disk::CLEAN_MARKER;
pub(crate) use marker::closed_at;
pub(crate) use narrowed::Narrowed;
pub use options::ReplicaOptions;
pub use state::{Remains, Replica, Standing};
