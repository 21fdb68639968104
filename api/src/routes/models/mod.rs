//! /v1/models
pub(crate) mod list;
