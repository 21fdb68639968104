//! /v1/dead-letters
pub(crate) mod discard;
mod filter;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod summary;
