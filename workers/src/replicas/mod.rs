//! The search replicas this process keeps: opened when asked for, brought up to date from the change log, closed when unused.
mod catch_up;
mod feed;
mod open;
mod refresh;

pub use self::open::Replicas;
