//! /v1/jobs
pub(crate) mod attempts;
pub(crate) mod cancel;
pub(crate) mod cancel_many;
pub(crate) mod effects;
mod event_stream;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod named;
pub(crate) mod open_streams;
pub(crate) mod retry;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod steps;
pub(crate) mod submit;
pub(crate) mod why;
