//! Brings Redis into line with Postgres: what is due, what was forgotten, what a lost worker left behind.
use crate::{Context, WorkerOptions};
use jobs::Dispatch;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{Dispatchable, JobRetention, JobState};
use store::{JobId, TenantId};

/// Rows per transaction: short ones let others at the rows.
const CHUNK: i64 = 1000;

/// Finds expired leases until dropped, and puts their jobs back within the same tick.
pub(crate) async fn expire_leases(context: Context, options: Arc<WorkerOptions>) {
    let mut ticks = interval(options.dispatch.lease_check_interval_ms);
    loop {
        ticks.tick().await;
        match store::jobs::expire_leases(&context.system, CHUNK).await {
            Ok(expired) if expired.is_empty() => {}
            Ok(expired) => {
                tracing::warn!(jobs = expired.len(), "leases expired: their workers fell silent");
                metrics::counter!("job_leases_expired_total").increment(expired.len() as u64);
                let queued: Vec<Dispatch> = expired
                    .iter()
                    .filter(|job| job.state == JobState::Queued)
                    .filter_map(|job| dispatch(job.id, job.tenant_id, &job.pool, job.priority))
                    .collect();
                context.queue.push(&queued).await;
                context
                    .queue
                    .announce_changes(&expired.iter().map(|job| job.id).collect::<Vec<_>>())
                    .await;
            }
            Err(error) => tracing::warn!(%error, "cannot look for expired leases"),
        }
    }
}

/// Offers to Redis what it should know and does not, until dropped.
pub(crate) async fn dispatch_due(context: Context, options: Arc<WorkerOptions>) {
    let mut ticks = interval(options.dispatch.reconcile_interval_ms);
    let redispatch_ms = i64::try_from(options.dispatch.redispatch_after_secs * 1000).unwrap_or(i64::MAX);
    loop {
        ticks.tick().await;
        if let Err(error) = dispatch_once(&context, redispatch_ms).await {
            tracing::warn!(%error, "cannot reconcile; trying again");
        }
    }
}

async fn dispatch_once(context: &Context, redispatch_ms: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let epoch = context.queue.epoch().await?;
    loop {
        let Some(marked) = store::jobs::mark_for_dispatch(&context.system, &epoch, redispatch_ms, CHUNK).await? else {
            return Ok(());
        };
        let full = i64::try_from(marked.len()).unwrap_or(i64::MAX) >= CHUNK;
        if !marked.is_empty() {
            tracing::debug!(jobs = marked.len(), "dispatched");
            let ids: Vec<JobId> = marked.iter().map(|job| job.id).collect();
            if let Err(error) = context.queue.try_push(&dispatches(marked)).await {
                // Redis may have lost them without losing its epoch: they are not dispatched after all.
                store::jobs::unmark_dispatch(&context.system, &ids).await?;
                return Err(error.into());
            }
        }
        if !full {
            return Ok(());
        }
    }
}

/// Deletes what has outlived its use and makes the partitions of the weeks to come, until dropped.
pub(crate) async fn retain(context: Context, options: Arc<WorkerOptions>) {
    let retention = JobRetention {
        interactive_secs: i64::try_from(options.dispatch.interactive_retention_secs).unwrap_or(i64::MAX),
        days: i32::try_from(options.dispatch.job_retention_days).unwrap_or(i32::MAX),
    };
    let mut ticks = interval(60_000);
    loop {
        ticks.tick().await;
        match store::jobs::create_partitions(&context.system).await {
            Ok(0) => {}
            Ok(made) => tracing::info!(partitions = made, "made job partitions"),
            Err(error) => tracing::warn!(%error, "cannot make job partitions; new jobs fall into the default one"),
        }
        match store::jobs::count_default_rows(&context.system).await {
            Ok(stray) => {
                if stray > 0 {
                    tracing::error!(
                        rows = stray,
                        "job rows are in a default partition: the clock is wrong, or partitions were not made"
                    );
                }
                metrics::gauge!("job_default_partition_rows").set(stray as f64);
            }
            Err(error) => tracing::warn!(%error, "cannot count the rows of the default partitions"),
        }
        loop {
            match store::jobs::sweep(&context.system, retention, CHUNK).await {
                Ok(deleted) if deleted >= usize::try_from(CHUNK).unwrap_or(usize::MAX) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "cannot delete ended jobs; trying again in a minute");
                    break;
                }
            }
        }
    }
}

pub(crate) fn dispatches(jobs: Vec<Dispatchable>) -> Vec<Dispatch> {
    jobs.into_iter()
        .filter_map(|job| dispatch(job.id, job.tenant_id, &job.pool, job.priority))
        .collect()
}

/// What Redis is told of a row; `None` for a pool of a newer version, whose workers will dispatch it.
pub(crate) fn dispatch(id: JobId, tenant: TenantId, pool: &str, priority: i16) -> Option<Dispatch> {
    let pool = pool.parse().ok()?;
    Some(Dispatch {
        id,
        tenant,
        pool,
        priority,
    })
}

fn interval(ms: u64) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}
