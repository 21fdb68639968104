//! /v1/batches
pub(crate) mod add;
pub(crate) mod cancel;
pub(crate) mod create;
mod jobs;
pub(crate) mod list;
pub(crate) mod show;
mod wait;
