//! /v1/knowledge-bases/{id}/gate
mod pass;
pub(crate) mod remove;
pub(crate) mod set;
pub(crate) mod show;

pub(super) use self::pass::{Pass, pass};
