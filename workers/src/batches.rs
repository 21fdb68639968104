//! Ends the batches whose jobs have all ended, and cancels the jobs of those that were stopped.
use crate::bell::Bell;
use crate::reconciler::{dispatches, interval};
use crate::{Context, WorkerOptions};
use std::sync::Arc;
use store::batches::{EndedBatch, StoppedJob, cancel_some, end_all, mark_swept, stopped};
use store::jobs::JobState;
use store::{JobId, StoreError};

/// Batches, and jobs of one, per transaction: short ones let others at the rows.
const BATCHES: i64 = 100;
const JOBS: i64 = 1000;

/// Looks after batches until dropped: at each ring, and now and then without.
pub(crate) async fn run(context: Context, options: Arc<WorkerOptions>, bell: Bell) {
    let mut ticks = interval(options.dispatch.reconcile_interval_ms);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = bell.rung() => {}
        }
        if let Err(error) = cancel_stopped(&context).await {
            tracing::warn!(%error, "cannot cancel the jobs of stopped batches; trying again");
        }
        if let Err(error) = end_ready(&context).await {
            tracing::warn!(%error, "cannot end batches; trying again");
        }
    }
}

async fn cancel_stopped(context: &Context) -> Result<(), StoreError> {
    for batch in stopped(&context.system, BATCHES).await? {
        let mut after = None;
        loop {
            let jobs = cancel_some(&context.system, &batch, after, JOBS).await?;
            tell(context, &jobs).await;
            after = jobs.last().map(|job| job.id);
            if count(&jobs) < JOBS {
                break;
            }
        }
        mark_swept(&context.system, &batch).await?;
    }
    Ok(())
}

async fn end_ready(context: &Context) -> Result<(), StoreError> {
    loop {
        let ended = end_all(&context.system, BATCHES).await?;
        let last = count(&ended) < BATCHES;
        follow(context, ended).await;
        if last {
            return Ok(());
        }
    }
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// The workers of those that run, and whoever waits for the others.
async fn tell(context: &Context, jobs: &[StoppedJob]) {
    let (running, cancelled): (Vec<&StoppedJob>, Vec<&StoppedJob>) =
        jobs.iter().partition(|job| job.state == JobState::Running);
    let ids = |jobs: Vec<&StoppedJob>| jobs.into_iter().map(|job| job.id).collect::<Vec<JobId>>();
    context.queue.announce_cancellation(&ids(running)).await;
    context.queue.announce_changes(&ids(cancelled)).await;
}

/// What comes after a batch's end is committed with it; this only makes it known sooner.
async fn follow(context: &Context, ended: Vec<EndedBatch>) {
    if ended.is_empty() {
        return;
    }
    for batch in &ended {
        metrics::counter!("batches_ended_total", "state" => batch.state.as_str()).increment(1);
    }
    let ids: Vec<JobId> = ended.iter().map(|batch| batch.id.as_job()).collect();
    let steps = ended.into_iter().filter_map(|batch| batch.step).collect();
    context.queue.push(&dispatches(steps)).await;
    context.queue.announce_changes(&ids).await;
}
