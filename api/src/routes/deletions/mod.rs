//! /v1/deletions
pub(crate) mod list;
mod receipt;
pub(crate) mod show;

pub(crate) use self::receipt::with_receipt;
