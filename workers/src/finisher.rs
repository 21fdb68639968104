//! Writes outcomes down, many in one transaction: durability then costs each job next to nothing.
use crate::bell::Bells;
use crate::running::RunningJob;
use crate::{Context, reconciler};
use std::time::Duration;
use store::JobId;
use store::jobs::{Finish, JobState};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The most outcomes in one transaction.
const BATCH: usize = 200;

/// An outcome to be written, with the lease that is held until it is.
pub(crate) struct Finishing {
    pub(crate) finish: Finish,
    pub(crate) running: RunningJob,
}

pub(crate) fn outcomes() -> (Sender<Finishing>, Receiver<Finishing>) {
    channel(1024)
}

/// Writes outcomes until every sender is gone.
pub(crate) async fn run(context: Context, mut outcomes: Receiver<Finishing>, bells: Bells) {
    let mut batch = Vec::new();
    while outcomes.recv_many(&mut batch, BATCH).await > 0 {
        let (finishes, held): (Vec<Finish>, Vec<RunningJob>) = batch.drain(..).map(|f| (f.finish, f.running)).unzip();
        write(&context, &finishes, &bells).await;
        drop(held);
    }
}

/// Tries until Postgres answers. Meanwhile the leases are renewed, or expire; an expired one's outcome is then refused.
async fn write(context: &Context, finishes: &[Finish], bells: &Bells) {
    let ended = loop {
        match store::jobs::finish(&context.system, finishes).await {
            Ok(ended) => break ended,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, jobs = finishes.len(), "cannot write outcomes; trying again")
            }
            Err(error) => {
                // One row that Postgres refuses must not take the others with it.
                if finishes.len() > 1 {
                    for finish in finishes {
                        Box::pin(write(context, std::slice::from_ref(finish), bells)).await;
                    }
                } else {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "an outcome was refused; the job's lease will expire"
                    );
                }
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    if ended.len() < finishes.len() {
        tracing::warn!(
            lost = finishes.len() - ended.len(),
            "outcomes refused: their leases were lost"
        );
    }
    bells.ring_for(&ended);
    let ids: Vec<JobId> = ended.iter().map(|ended| ended.job.id).collect();
    let queued = ended.into_iter().filter(|ended| ended.state == JobState::Queued);
    let queued = reconciler::dispatches(queued.map(|ended| ended.job).collect());
    context.queue.announce_changes(&ids).await;
    if !queued.is_empty() {
        context.queue.push(&queued).await;
    }
}
