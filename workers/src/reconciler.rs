//! Brings Redis into line with Postgres: what is due, what was forgotten, what a lost worker left behind.
use crate::bell::Bell;
use crate::dead::count_dead;
use crate::limits::Limits;
use crate::lost_offers::LostOffers;
use crate::paused::Paused;
use crate::pulse::Beat;
use crate::{Context, WorkerOptions};
use jobs::{Dispatch, Pool, Queue, QueueError};
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{Dispatchable, ExpiredJob, JobState};
use store::{JobId, StoreError, System};
use tokio::time::{Instant, timeout};

/// One lost worker is a machine's fault or a rollout's. A job that loses another is worth a look.
const SUSPECT_AFTER: i64 = 2;

/// Rows per transaction: short ones let others at the rows.
const CHUNK: i64 = 1000;

/// How much earlier than the last look that was answered a lease may have ended that this look had to miss: between its start and the database's reading of the clock.
const SLACK: Duration = Duration::from_secs(1);

/// Finds expired leases until dropped, and puts their jobs back within the same tick. After looks that were not answered it says since when: what could not be renewed
/// meanwhile is no worker's fault. A process that was only frozen made no such look.
pub(crate) async fn expire_leases(context: Context, options: Arc<WorkerOptions>, beat: Beat) {
    let mut ticks = interval(options.dispatch.lease_check_interval_ms);
    let (mut answered, mut away) = (Instant::now(), false);
    loop {
        ticks.tick().await;
        let mut asked = Instant::now();
        // Of all the chunks that follow, since what could not be renewed may be in any of them.
        let away_since = away.then_some(answered);
        loop {
            beat.now();
            // One look that hangs must not keep the next from being made, on another connection.
            let expired = match timeout(options.dispatch.lease(), expire_chunk(&context.system, away_since)).await {
                Ok(Ok(expired)) => expired,
                Ok(Err(error)) => {
                    away = true;
                    tracing::warn!(%error, "cannot look for expired leases");
                    break;
                }
                Err(_) => {
                    away = true;
                    tracing::warn!("cannot look for expired leases: no answer within a lease");
                    break;
                }
            };
            // The database has answered, however long Redis takes below.
            (answered, away) = (asked, false);
            if !offer_expired(&context.queue, expired).await {
                break;
            }
            asked = Instant::now();
        }
    }
}

/// Takes all jobs from workers whose lease has expired, and offers them again; returns how many. `away_since`: when the database last answered this process, where it has
/// not since.
///
/// # Errors
/// [`StoreError`]; not when Redis does not take them, since the reconciler offers them again.
pub async fn expire_leases_once(
    system: &System,
    queue: &Queue,
    away_since: Option<Instant>,
) -> Result<usize, StoreError> {
    let mut jobs = 0;
    loop {
        let expired = expire_chunk(system, away_since).await?;
        jobs += expired.len();
        if !offer_expired(queue, expired).await {
            return Ok(jobs);
        }
    }
}

async fn expire_chunk(system: &System, away_since: Option<Instant>) -> Result<Vec<ExpiredJob>, StoreError> {
    let away = away_since.map_or(Duration::ZERO, |since| since.elapsed() + SLACK);
    store::jobs::expire_leases(system, CHUNK, away).await
}

/// Returns whether there may be more of them.
async fn offer_expired(queue: &Queue, expired: Vec<ExpiredJob>) -> bool {
    let may_be_more = i64::try_from(expired.len()).unwrap_or(i64::MAX) >= CHUNK;
    if expired.is_empty() {
        return may_be_more;
    }
    let excused = expired.iter().filter(|expired| expired.excused).count();
    if excused > 0 {
        tracing::warn!(
            jobs = excused,
            "leases expired while the database was away: what they were for runs again, and no attempt is counted"
        );
    }
    if excused < expired.len() {
        let jobs = expired.len() - excused;
        tracing::warn!(jobs, "leases expired: their workers fell silent");
    }
    metrics::counter!("job_leases_expired_total").increment(expired.len() as u64);
    for expired in expired
        .iter()
        .filter(|expired| expired.lost >= SUSPECT_AFTER && !expired.excused)
    {
        let job = &expired.job;
        tracing::warn!(job.id = %job.id, job.kind, tenant.id = %job.tenant_id, lost = expired.lost, state = expired.state.as_str(),
            "suspect: this job has lost several workers; it may be what kills them");
        metrics::counter!("job_suspects_total", "kind" => job.kind.clone()).increment(1);
    }
    for expired in &expired {
        if let Some(code) = &expired.dead_of {
            count_dead(&expired.job.kind, code);
        }
    }
    let ids: Vec<JobId> = expired.iter().map(|expired| expired.job.id).collect();
    let queued = expired.into_iter().filter(|expired| expired.state == JobState::Queued);
    queue
        .push(&dispatches(queued.map(|expired| expired.job).collect()))
        .await;
    queue.announce_changes(&ids).await;
    may_be_more
}

/// Offers to Redis what it should know and does not, until dropped. A ring says that something became due just now.
pub(crate) async fn dispatch_due(context: Context, options: Arc<WorkerOptions>, bell: Bell, beat: Beat) {
    let mut ticks = interval(options.dispatch.reconcile_interval_ms);
    let redispatch = Duration::from_secs(options.dispatch.redispatch_after_secs);
    let mut paused = Paused::new(redispatch);
    let mut limits = Limits::default();
    let mut lost = LostOffers::new(redispatch);
    let mut releasing = false;
    loop {
        // A long release does not wait for ticks, and what is done at a tick does not wait for it.
        let ticked = tokio::select! {
            biased;
            _ = ticks.tick() => true,
            () = bell.rung() => false,
            () = std::future::ready(()), if releasing => false,
        };
        beat.now();
        if ticked || releasing {
            releasing = paused.release(&context.system).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot see what is paused; trying again");
                false
            });
        }
        if ticked {
            // Before jobs are offered: they must find the limits that they are under.
            if let Err(error) = limits.keep(&context).await {
                tracing::warn!(%error, "cannot keep limits; trying again");
            }
            if let Err(error) = offer_again(&context).await {
                tracing::warn!(%error, "cannot look for jobs that were taken and not claimed; trying again");
            }
            if let Err(error) = lost.look(&context).await {
                tracing::warn!(%error, "cannot look for jobs that Redis has lost; trying again");
            }
        }
        match dispatch_due_once(&context.system, &context.queue).await {
            Ok(dispatched) if dispatched.put_aside => paused.put_aside(),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "cannot reconcile; trying again"),
        }
    }
}

/// Whoever takes a job out of Redis claims it within moments; one that did not is dead, or cannot reach Postgres.
const POPPED_TOO_LONG_MS: i64 = 5000;

async fn offer_again(context: &Context) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for pool in Pool::ALL {
        let ids = context.queue.long_popped(pool, POPPED_TOO_LONG_MS).await?;
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

/// What one look at what is due did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Offered to Redis.
    pub jobs: usize,
    /// Paused jobs were put aside.
    pub put_aside: bool,
    /// Another process was at it.
    pub busy: bool,
}

/// Why what is due could not be offered. The next tick tries again.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Chunks that one look offers at most: whatever else its loop does has its turn in between.
const CHUNKS: usize = 100;

/// Offers to Redis what is due and was not offered, up to a hundred thousand jobs.
///
/// # Errors
/// [`DispatchError`].
pub async fn dispatch_due_once(system: &System, queue: &Queue) -> Result<Dispatched, DispatchError> {
    let epoch = queue.epoch().await?;
    let pools = Pool::ALL.map(Pool::as_str);
    let mut done = Dispatched::default();
    for _ in 0..CHUNKS {
        let Some(marked) = store::jobs::mark_for_dispatch(system, &epoch, &pools, CHUNK).await? else {
            done.busy = true;
            return Ok(done);
        };
        let full = i64::try_from(marked.looked_at).unwrap_or(i64::MAX) >= CHUNK;
        done.put_aside |= marked.looked_at > marked.jobs.len();
        done.jobs += marked.jobs.len();
        if !marked.jobs.is_empty() {
            tracing::debug!(jobs = marked.jobs.len(), "dispatched");
            let ids: Vec<JobId> = marked.jobs.iter().map(|job| job.id).collect();
            if let Err(error) = queue.try_push(&dispatches(marked.jobs)).await {
                // Redis may have lost them without losing its epoch: they are not dispatched after all.
                store::jobs::unmark_dispatch(system, &ids).await?;
                return Err(error.into());
            }
        }
        if !full {
            break;
        }
    }
    Ok(done)
}

pub(crate) fn dispatches(jobs: Vec<Dispatchable>) -> Vec<Dispatch> {
    jobs.into_iter().filter_map(dispatch).collect()
}

/// What Redis is told of a row; `None` for a pool of a newer version, whose workers will dispatch it.
fn dispatch(job: Dispatchable) -> Option<Dispatch> {
    let pool = job.pool.parse().ok()?;
    Some(Dispatch {
        id: job.id,
        tenant: job.tenant_id,
        pool,
        priority: job.priority,
        kind: job.kind,
        knowledge_bases: job.knowledge_base_ids,
    })
}

pub(crate) fn interval(ms: u64) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}
