//! /v1/knowledge-bases
pub(crate) mod create;
pub(crate) mod delete;
mod language;
pub(crate) mod list;
pub(crate) mod show;
