//! /v1/schedules
pub(crate) mod create;
pub(crate) mod delete;
mod fields;
pub(crate) mod fire;
pub(crate) mod list;
mod settings;
pub(crate) mod show;
pub(crate) mod ticks;
pub(crate) mod update;
