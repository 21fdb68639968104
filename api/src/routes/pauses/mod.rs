//! /v1/pauses
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
