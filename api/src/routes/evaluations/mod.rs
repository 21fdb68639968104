//! /v1/test-sets/{id}/evaluations and /v1/evaluations
pub(crate) mod configuration;
pub(crate) mod list;
pub(crate) mod questions;
pub(crate) mod show;
pub(crate) mod start;
