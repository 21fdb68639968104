//! /v1/knowledge-bases/{id}/test-sets, /v1/test-sets and /v1/test-questions
pub(crate) mod add_questions;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod delete_question;
pub(crate) mod judge;
pub(crate) mod list;
pub(crate) mod list_questions;
mod relevant;
pub(crate) mod sample;
pub(crate) mod show;
