//! /v1/knowledge-bases/{id}/embedding-migration
pub(crate) mod end;
pub(crate) mod rollback;
pub(crate) mod show;
pub(crate) mod start;
mod swap;
pub(crate) mod switch;
