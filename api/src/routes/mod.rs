//! The handlers, one a file, named by URL area and verb.
pub(crate) mod answers;
pub(crate) mod batches;
pub(crate) mod budgets;
pub(crate) mod checks;
pub(crate) mod dead_letters;
pub(crate) mod documents;
pub(crate) mod jobs;
mod knowledge_base_heads;
pub(crate) mod knowledge_bases;
pub(crate) mod limits;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod pauses;
mod principal;
mod recency;
pub(crate) mod schedules;
pub(crate) mod search;
pub(crate) mod webhooks;
