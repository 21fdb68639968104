//! /v1/budgets
mod current;
mod declared;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod update;
