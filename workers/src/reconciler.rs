//! Brings Redis into line with Postgres: what is due, what was forgotten, what a lost worker left behind.
use crate::limits::Limits;
use crate::{Context, WorkerOptions};
use config::DispatchBackend;
use jobs::{Dispatch, Pool};
use std::sync::Arc;
use std::time::{Duration, Instant};
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
                    .filter_map(|job| dispatch(job.id, job.tenant_id, &job.pool, job.priority, &job.kind))
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
    let redispatch = Duration::from_secs(options.dispatch.redispatch_after_secs);
    let mut paused = Paused::new(redispatch);
    let mut limits = Limits::default();
    loop {
        ticks.tick().await;
        if let Err(error) = paused.release(&context).await {
            tracing::warn!(%error, "cannot see what is paused; trying again");
        }
        // Before jobs are offered: they must find the limits that they are under.
        if let Err(error) = limits.keep(&context).await {
            tracing::warn!(%error, "cannot keep limits; trying again");
        }
        if let Err(error) = offer_again(&context, popped_too_long_ms(&options)).await {
            tracing::warn!(%error, "cannot look for jobs that were taken and not claimed; trying again");
        }
        match dispatch_once(&context, redispatch).await {
            Ok(put_aside) => paused.put_aside |= put_aside,
            Err(error) => tracing::warn!(%error, "cannot reconcile; trying again"),
        }
    }
}

/// Whoever takes a job out of Redis claims it within moments; one that did not is dead, or cannot reach Postgres.
const POPPED_TOO_LONG_MS: i64 = 5000;

/// In the window of apalis-redis an id waits until there is a slot for it; offered again, it is there twice and runs once.
fn popped_too_long_ms(options: &WorkerOptions) -> i64 {
    match options.dispatch.backend {
        DispatchBackend::Own => POPPED_TOO_LONG_MS,
        DispatchBackend::ApalisRedis => 4 * POPPED_TOO_LONG_MS,
    }
}

async fn offer_again(context: &Context, too_long_ms: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for pool in Pool::ALL {
        let ids = context.queue.long_popped(pool, too_long_ms).await?;
        if ids.is_empty() {
            continue;
        }
        let queued = dispatches(store::jobs::still_queued(&context.system, &ids).await?);
        tracing::warn!(%pool, jobs = queued.len(), "jobs were taken and not claimed; offering them again");
        // Those that are pushed are popped no more; the others have ended, or run, or are paused.
        context.queue.try_push(&queued).await?;
        let others: Vec<JobId> = ids
            .into_iter()
            .filter(|id| !queued.iter().any(|job| job.id == *id))
            .collect();
        context.queue.settle(pool, &others).await?;
    }
    Ok(())
}

/// When jobs that were put aside because they are paused have to be looked at again.
struct Paused {
    /// Of what was paused at the last look.
    fingerprint: Option<String>,
    /// Some were put aside since: the pause may have ended before the next look at what is paused.
    put_aside: bool,
    looked_at: Instant,
    /// Another process may have put some aside and died.
    look_every: Duration,
}

impl Paused {
    fn new(look_every: Duration) -> Self {
        Self {
            fingerprint: None,
            put_aside: false,
            looked_at: Instant::now(),
            look_every,
        }
    }

    async fn release(&mut self, context: &Context) -> Result<(), store::StoreError> {
        let fingerprint = Some(store::pauses::fingerprint(&context.system).await?);
        if fingerprint == self.fingerprint && !self.put_aside && self.looked_at.elapsed() < self.look_every {
            return Ok(());
        }
        while store::jobs::release_paused(&context.system, CHUNK).await? > 0 {}
        self.fingerprint = fingerprint;
        self.put_aside = false;
        self.looked_at = Instant::now();
        Ok(())
    }
}

/// Returns whether paused jobs were put aside.
async fn dispatch_once(
    context: &Context,
    redispatch: Duration,
) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let epoch = context.queue.epoch().await?;
    let redispatch_ms = i64::try_from(redispatch.as_millis()).unwrap_or(i64::MAX);
    let mut put_aside = false;
    loop {
        let Some(marked) = store::jobs::mark_for_dispatch(&context.system, &epoch, redispatch_ms, CHUNK).await? else {
            return Ok(put_aside);
        };
        let full = i64::try_from(marked.looked_at).unwrap_or(i64::MAX) >= CHUNK;
        put_aside |= marked.looked_at > marked.jobs.len();
        if !marked.jobs.is_empty() {
            tracing::debug!(jobs = marked.jobs.len(), "dispatched");
            let ids: Vec<JobId> = marked.jobs.iter().map(|job| job.id).collect();
            if let Err(error) = context.queue.try_push(&dispatches(marked.jobs)).await {
                // Redis may have lost them without losing its epoch: they are not dispatched after all.
                store::jobs::unmark_dispatch(&context.system, &ids).await?;
                return Err(error.into());
            }
        }
        if !full {
            return Ok(put_aside);
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
        .filter_map(|job| dispatch(job.id, job.tenant_id, &job.pool, job.priority, &job.kind))
        .collect()
}

/// What Redis is told of a row; `None` for a pool of a newer version, whose workers will dispatch it.
pub(crate) fn dispatch(id: JobId, tenant: TenantId, pool: &str, priority: i16, kind: &str) -> Option<Dispatch> {
    let pool = pool.parse().ok()?;
    Some(Dispatch {
        id,
        tenant,
        pool,
        priority,
        kind: kind.to_owned(),
    })
}

fn interval(ms: u64) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}
