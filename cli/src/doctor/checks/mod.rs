//! The checks: one file each, and one line in [`ALL`]. What a feature leaves lying about is found by a check of its own.
mod batch_counts;
mod batches;
mod clocks;
mod configuration;
mod connections;
mod default_partitions;
mod deletions;
mod deliveries;
mod disabled_webhooks;
mod disk;
mod dispatch_index;
mod expired_leases;
mod idempotency_keys;
mod indexes;
mod interactive_jobs;
mod job_locks;
mod kept_weeks;
mod migrations;
mod models;
mod partitions;
mod postgres;
mod recognition;
mod redis;
mod redis_settings;
mod roles;
mod row_level_security;
mod schedules;
mod suspects;
mod undispatched;
mod vector_server;
mod webhook_secrets;
mod workers;

use super::Site;
use super::verdict::{Unchecked, Verdict};
use futures::future::LocalBoxFuture;

/// One thing that is looked at.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) run: for<'a> fn(&'a Site) -> LocalBoxFuture<'a, Looked>,
}

/// What a check found, or why it could not look.
type Looked = Result<Verdict, Unchecked>;

/// In the order in which they run and are reported: what later ones rest on comes first.
pub(super) const ALL: &[Check] = &[
    configuration::CHECK,
    postgres::CHECK,
    redis::CHECK,
    redis_settings::CHECK,
    migrations::CHECK,
    roles::CHECK,
    row_level_security::CHECK,
    connections::CHECK,
    clocks::CHECK,
    disk::CHECK,
    models::CHECK,
    recognition::CHECK,
    vector_server::CHECK,
    workers::CHECK,
    partitions::CHECK,
    default_partitions::CHECK,
    kept_weeks::CHECK,
    expired_leases::CHECK,
    dispatch_index::CHECK,
    undispatched::CHECK,
    schedules::CHECK,
    batch_counts::CHECK,
    batches::CHECK,
    deliveries::CHECK,
    webhook_secrets::CHECK,
    disabled_webhooks::CHECK,
    suspects::CHECK,
    indexes::CHECK,
    deletions::CHECK,
    job_locks::CHECK,
    idempotency_keys::CHECK,
    interactive_jobs::CHECK,
];
