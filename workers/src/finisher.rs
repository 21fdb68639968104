//! Writes outcomes down, many in one transaction: durability then costs each job next to nothing.
use crate::bell::Bells;
use crate::dead::count_dead;
use crate::pulse::Beat;
use crate::running::RunningJob;
use crate::{Context, reconciler};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::error::Error;
use std::time::Duration;
use store::JobId;
use store::jobs::{Finish, JobState};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// The most outcomes in one transaction.
const BATCH: usize = 200;

/// How long a write has Postgres for itself; what ends meanwhile is written together. After that the next one is begun beside it: a row that is locked or a
/// connection that fell silent holds up the jobs of its batch, and no others.
const PATIENCE: Duration = Duration::from_millis(250);

/// The most writes at once, where there are connections enough.
const WRITES: usize = 4;

/// An outcome to be written, with the lease that is held until it is.
pub(crate) struct Finishing {
    pub(crate) finish: Finish,
    pub(crate) running: RunningJob,
}

pub(crate) fn outcomes() -> (Sender<Finishing>, Receiver<Finishing>) {
    channel(1024)
}

/// How often it says that it only waits.
const IDLE_BEAT: Duration = Duration::from_secs(10);

/// Writes outcomes until every sender is gone.
pub(crate) async fn run(context: Context, mut outcomes: Receiver<Finishing>, bells: Bells, beat: Beat) {
    // The others renew leases.
    let most = (context.settings.database.system_connections as usize / 2).clamp(1, WRITES);
    let (mut batch, mut writes, mut patient_until) = (Vec::new(), FuturesUnordered::new(), Instant::now());
    loop {
        beat.now();
        let patient = !writes.is_empty() && Instant::now() < patient_until;
        tokio::select! {
            Some(()) = writes.next() => {}
            () = sleep(IDLE_BEAT) => {}
            () = sleep_until(patient_until), if patient && writes.len() < most => {}
            received = outcomes.recv_many(&mut batch, BATCH), if !patient && writes.len() < most => {
                if received == 0 {
                    break;
                }
                let (finishes, held): (Vec<Finish>, Vec<RunningJob>) =
                    batch.drain(..).map(|f| (f.finish, f.running)).unzip();
                let (context, bells) = (&context, &bells);
                patient_until = Instant::now() + PATIENCE;
                writes.push(async move {
                    write(context, &finishes, bells).await;
                    drop(held);
                });
            }
        }
    }
    while writes.next().await.is_some() {}
}

/// Tries until Postgres answers: again after a third of a lease, and then after twice as long each time, since a try that is given up may still wait in Postgres
/// for a row. Meanwhile the leases are renewed, or expire; an expired one's outcome is then refused.
///
/// One that Postgres refuses for a reason that may pass, as far as can be told, is tried for a whole lease: what it cost to reach is worth more than the wait.
async fn write(context: &Context, finishes: &[Finish], bells: &Bells) {
    let began = Instant::now();
    let mut limit = context.settings.dispatch.lease() / 3;
    let ended = loop {
        let error = match timeout(limit, store::jobs::finish(&context.system, finishes)).await {
            Ok(Ok(ended)) => break ended,
            Ok(Err(error)) if error.is_transient() => error.to_string(),
            Ok(Err(error))
                if finishes.len() == 1 && error.is_unclear() && began.elapsed() < context.settings.dispatch.lease() =>
            {
                format!(
                    "{error}: {}",
                    error.source().map(ToString::to_string).unwrap_or_default()
                )
            }
            Ok(Err(error)) => {
                // One row that Postgres refuses must not take the others with it.
                if finishes.len() > 1 {
                    for finish in finishes {
                        Box::pin(write(context, std::slice::from_ref(finish), bells)).await;
                    }
                } else {
                    tracing::error!(
                        error = &error as &dyn Error,
                        "an outcome was refused; the job's lease will expire"
                    );
                }
                return;
            }
            Err(_) => {
                limit *= 2;
                "no answer in time".to_owned()
            }
        };
        tracing::warn!(error, jobs = finishes.len(), "cannot write outcomes; trying again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    bells.ring_for(&ended);
    for ended in &ended {
        if let Some(code) = &ended.dead_of {
            count_dead(&ended.job.kind, code);
        }
    }
    if ended.len() < finishes.len() {
        tracing::warn!(
            jobs = finishes.len() - ended.len(),
            "outcomes refused: their leases were lost, or they were written by a try whose answer was"
        );
        bells.ring();
    }
    // Also of jobs that are not among them: whoever waits for one looks, and sees what it is.
    let ids: Vec<JobId> = finishes.iter().map(|finish| finish.id).collect();
    let queued = ended.into_iter().filter(|ended| ended.state == JobState::Queued);
    let queued = reconciler::dispatches(queued.map(|ended| ended.job).collect());
    context.queue.announce_changes(&ids).await;
    if !queued.is_empty() {
        context.queue.push(&queued).await;
    }
}
