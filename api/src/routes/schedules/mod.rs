//! /v1/schedules
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod fire;
pub(crate) mod list;
mod settings;
pub(crate) mod show;
pub(crate) mod ticks;
pub(crate) mod update;
