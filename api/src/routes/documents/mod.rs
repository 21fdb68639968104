//! /v1/knowledge-bases/{id}/documents and /v1/documents
pub(crate) mod chunks;
pub(crate) mod content;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod reingest;
pub(crate) mod reingest_many;
pub(crate) mod show;
pub(crate) mod submit;
pub(crate) mod update;
pub(crate) mod update_many;
