//! Ends the batches whose jobs have all ended, and cancels the jobs of those that were stopped.
use crate::bell::Bell;
use crate::dead::count_dead;
use crate::pulse::Beat;
use crate::reconciler::{dispatches, interval};
use crate::{Context, WorkerOptions};
use jobs::Queue;
use std::sync::Arc;
use store::batches::{EndedBatch, cancel_some, end_all, expire_open, mark_swept, release_steps, stopped};
use store::jobs::{JobState, Told};
use store::{JobId, StoreError, System};

/// Batches, and jobs of one, per transaction: short ones let others at the rows.
const BATCHES: i64 = 100;
const JOBS: i64 = 1000;

/// Looks after batches until dropped: at each ring, and now and then without.
pub(crate) async fn run(context: Context, options: Arc<WorkerOptions>, bell: Bell, beat: Beat) {
    let mut ticks = interval(options.dispatch.reconcile_interval_ms);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = bell.rung() => {}
        }
        beat.now();
        if let Err(error) = cancel_stopped(&context.system, &context.queue).await {
            tracing::warn!(%error, "cannot cancel the jobs of stopped batches; trying again");
        }
        if let Err(error) = end_ready(&context.system, &context.queue).await {
            tracing::warn!(%error, "cannot end batches; trying again");
        }
    }
}

/// Does at once what is to be done about batches, and offers jobs that still wait for a batch which has ended: for a check-up.
///
/// # Errors
/// [`StoreError`].
pub async fn tend_batches(system: &System, queue: &Queue) -> Result<(), StoreError> {
    cancel_stopped(system, queue).await?;
    end_ready(system, queue).await?;
    queue.push(&dispatches(release_steps(system).await?)).await;
    Ok(())
}

/// Closes the batches that nobody has closed for a month, and tells whoever watches what would have followed them; returns how many there were.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_open_batches(system: &System, queue: &Queue) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let expired = expire_open(system, BATCHES).await?;
        if expired.batches == 0 {
            return Ok(all);
        }
        all += expired.batches;
        tracing::info!(batches = expired.batches, "closed batches that nobody had closed");
        tell(queue, &expired.following).await;
    }
}

async fn cancel_stopped(system: &System, queue: &Queue) -> Result<(), StoreError> {
    for batch in stopped(system, BATCHES).await? {
        let mut after = None;
        loop {
            let jobs = cancel_some(system, &batch, after, JOBS).await?;
            tell(queue, &jobs).await;
            after = jobs.last().map(|job| job.id);
            if count(&jobs) < JOBS {
                break;
            }
        }
        mark_swept(system, &batch).await?;
    }
    Ok(())
}

async fn end_ready(system: &System, queue: &Queue) -> Result<(), StoreError> {
    loop {
        let ended = end_all(system, BATCHES).await?;
        let last = count(&ended) < BATCHES;
        follow(queue, ended).await;
        if last {
            return Ok(());
        }
    }
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// The workers of those that run, and whoever waits for the others.
async fn tell(queue: &Queue, jobs: &[Told]) {
    let (running, ended): (Vec<&Told>, Vec<&Told>) = jobs.iter().partition(|job| job.state == JobState::Running);
    let ids = |jobs: Vec<&Told>| jobs.into_iter().map(|job| job.id).collect::<Vec<JobId>>();
    for job in jobs.iter().filter(|job| job.state == JobState::Dead) {
        count_dead(&job.kind, "effect_unknown");
    }
    queue.announce_cancellation(&ids(running)).await;
    queue.announce_changes(&ids(ended)).await;
}

/// What comes after a batch's end is committed with it; this only makes it known sooner.
async fn follow(queue: &Queue, ended: Vec<EndedBatch>) {
    if ended.is_empty() {
        return;
    }
    for batch in &ended {
        metrics::counter!("batches_ended_total", "state" => batch.state.as_str()).increment(1);
    }
    let ids: Vec<JobId> = ended.iter().map(|batch| batch.id.as_job()).collect();
    let steps = ended.into_iter().filter_map(|batch| batch.step).collect();
    queue.push(&dispatches(steps)).await;
    queue.announce_changes(&ids).await;
}
