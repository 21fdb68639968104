//! /v1/limits
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod set;
