//! /v1/knowledge-bases
pub(crate) mod create;
pub(crate) mod delete;
mod language;
pub(crate) mod list;
pub(crate) mod replicas;
mod search_fields;
mod settings_change;
pub(crate) mod show;
pub(crate) mod update;

pub(super) use self::create::{check_model, check_vector_store, read_vector_store, unusable_store};
