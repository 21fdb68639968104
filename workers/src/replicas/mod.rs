//! The search replicas this process keeps: opened when asked for, brought up to date from the change log, closed when unused.
mod catch_up;
mod feed;
mod idle;
mod index;
mod open;
mod open_replicas;
mod refresh;
mod registered;
mod room;
mod served;
mod unsure;
mod visits;
mod warm_up;

pub use self::idle::{IdleError, IdleReplica, Unusable, idle_replicas};
pub(crate) use self::open::failed;
pub use self::open::{INDEX_VERSION, Replicas};
pub use self::served::vector_server;
