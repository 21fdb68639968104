//! The fault history checker: load and faults against the system as it is deployed, and a proof from what an outsider saw.
//!
//! [`run`] makes a [`History`]; [`check`](check::check) judges one, and knows nothing but it. docs/TESTING.md tells how to use it.
pub mod check;
mod database;
pub mod history;
mod load;
mod nemesis;
mod observer;
mod plan;
mod run;
mod settle;
mod submission;
mod system;
mod watch;

pub use self::history::History;
pub use self::plan::Plan;
pub use self::run::{Options, run};
