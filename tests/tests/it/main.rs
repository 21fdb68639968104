//! The integration tests: one binary, so that it is linked once. A module a subject.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod abuse;
mod api;
mod benchmarks;
mod claims;
mod collections;
mod deletions;
mod doctor;
mod documents;
mod embedding;
mod evaluation;
mod faults;
mod formats;
mod governor;
mod isolation;
mod models;
mod operators;
mod plans;
mod processes;
mod proxy;
mod raw;
mod readiness;
mod replicas;
mod reranking;
mod retention;
mod schedules;
mod search;
mod sources;
mod steps;
mod tidy;
mod upkeep;
mod vectors;
mod webhooks;
