//! /v1/knowledge-bases/{id}/collections and /v1/collections
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
mod named;
pub(crate) mod show;
pub(crate) mod update;

pub(crate) use self::named::{asked_collections, changed_collection, hold_named};
