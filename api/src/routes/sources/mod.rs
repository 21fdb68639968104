//! /v1/knowledge-bases/{id}/sources and /v1/sources
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod items;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod sync;
pub(crate) mod syncs;
pub(crate) mod update;
mod web_config;
