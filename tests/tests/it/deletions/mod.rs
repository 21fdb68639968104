//! Deleted means gone and withdrawn means unseen: at once for every reader, and after a while on every disk.
mod erasing;
pub(crate) mod guards;
mod receipts;
mod replicas;
pub(crate) mod support;
mod vectors;
