//! The HTTP contract.
mod bodies;
mod dead_letters;
mod events;
mod headers;
mod idempotency;
mod jobs;
mod keys;
mod limits;
mod lists;
mod metrics;
mod pauses;
mod problems;
mod publishable_keys;
pub(crate) mod redact;
mod snapshots;
mod unique_keys;
mod waiting;
mod why;
