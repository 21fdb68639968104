//! /v1/deletions
mod keep_documents;
pub(crate) mod list;
mod receipt;
pub(crate) mod show;

pub(crate) use self::keep_documents::KeepDocuments;
pub(crate) use self::receipt::with_receipt;
