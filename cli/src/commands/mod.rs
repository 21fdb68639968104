//! The subcommands: one thin file each.

pub(crate) mod ask;
pub(crate) mod batches;
pub(crate) mod bench;
pub(crate) mod budgets;
pub(crate) mod check;
pub(crate) mod dead_letters;
pub(crate) mod dead_summary;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod ingest;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod migrate;
pub(crate) mod pauses;
pub(crate) mod pools;
pub(crate) mod readiness;
pub(crate) mod schedules;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod tenants;
pub(crate) mod top;
pub(crate) mod up;
pub(crate) mod webhooks;
pub(crate) mod worker;
