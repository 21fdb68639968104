//! Takes jobs for one pool: ids from Redis, leases from Postgres, in batches no larger than the free slots.
use crate::running::Running;
use crate::{Context, Envelope, WorkerOptions};
use jobs::Pool;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{ClaimedJob, Held};
use store::{Durability, JobId};
use tokio::sync::mpsc::Sender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// More in one batch would only make the first of them wait.
const BATCH: usize = 100;

/// How long to wait after Redis or Postgres failed.
const BACK_OFF: Duration = Duration::from_millis(200);

pub(crate) struct Pull {
    pub(crate) pool: Pool,
    pub(crate) worker: Arc<str>,
    pub(crate) context: Context,
    pub(crate) options: Arc<WorkerOptions>,
    pub(crate) running: Running,
    pub(crate) jobs: Sender<Envelope>,
    /// One permit a job that could be taken now.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
}

impl Pull {
    /// Pulls until told to stop. Between a pop and its claim nothing is abandoned: a stop takes effect before the next pop.
    pub(crate) async fn run(self) {
        let (bell, _subscription) = self.context.queue.doorbell(self.pool);
        let poll_interval = Duration::from_millis(self.options.dispatch.poll_interval_ms);
        while let Some(free) = self.free_slots(&self.slots).await {
            match self.context.queue.pop(self.pool, free.len()).await {
                Ok(ids) if ids.is_empty() => {
                    drop(free);
                    tokio::select! {
                        () = bell.notified() => {}
                        () = tokio::time::sleep(poll_interval) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
                Ok(ids) => self.claim(ids, free).await,
                Err(error) => {
                    tracing::warn!(pool = %self.pool, %error, "cannot take jobs; trying again");
                    drop(free);
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    /// Waits for a free slot and takes it with whatever others are free; `None` when it is time to stop.
    async fn free_slots(&self, slots: &Arc<Semaphore>) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            slot = slots.clone().acquire_owned() => slot.ok()?,
        };
        let more = std::iter::from_fn(|| slots.clone().try_acquire_owned().ok()).take(BATCH - 1);
        Some(std::iter::once(first).chain(more).collect())
    }

    async fn claim(&self, ids: Vec<JobId>, mut free: Vec<OwnedSemaphorePermit>) {
        let Some(claimed) = self.claim_rows(&ids).await else {
            return;
        };
        let ours: HashSet<JobId> = claimed.iter().map(|job| job.id).collect();
        for job in claimed {
            let Some(slot) = free.pop() else { break };
            let running = self.running.enter(Held {
                id: job.id,
                lease_token: job.lease_token,
            });
            let waited = (chrono::Utc::now() - job.created_at).to_std().unwrap_or_default();
            metrics::histogram!("job_wait_seconds", "pool" => self.pool.as_str()).record(waited.as_secs_f64());
            if self
                .jobs
                .send(Envelope {
                    job,
                    running,
                    _slot: slot,
                })
                .await
                .is_err()
            {
                tracing::error!(pool = %self.pool, "the worker is gone; its jobs' leases will expire");
                return;
            }
        }
        if let Err(error) = self.context.queue.settle(self.pool, &ids).await {
            tracing::debug!(%error, "popped ids stay until they are pushed again");
        }
        self.return_skipped(ids.into_iter().filter(|id| !ours.contains(id)).collect())
            .await;
    }

    /// Claims until Postgres answers; `None` when it is time to stop first: then the ids are dispatched again by the reconciler.
    async fn claim_rows(&self, ids: &[JobId]) -> Option<Vec<ClaimedJob>> {
        let durability = if self.pool.is_interactive() {
            Durability::Relaxed
        } else {
            Durability::Durable
        };
        loop {
            match store::jobs::claim(
                &self.context.system,
                ids,
                &self.worker,
                self.options.lease_ms(),
                durability,
            )
            .await
            {
                Ok(claimed) => return Some(claimed),
                Err(error) => tracing::warn!(pool = %self.pool, %error, "cannot claim jobs; trying again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(BACK_OFF) => {}
            }
        }
    }

    /// An id that Postgres did not give us has ended or is another's, unless its row was locked just then: those go back to Redis.
    async fn return_skipped(&self, skipped: Vec<JobId>) {
        if skipped.is_empty() {
            return;
        }
        match store::jobs::still_queued(&self.context.system, &skipped).await {
            Ok(jobs) => self.context.queue.push(&crate::reconciler::dispatches(jobs)).await,
            Err(error) => tracing::warn!(%error, "skipped jobs wait for the reconciler"),
        }
        // Those that are paused are in no index now; unmarked, they are offered as soon as the pause is over.
        if let Err(error) = store::jobs::unmark_dispatch(&self.context.system, &skipped).await {
            tracing::warn!(%error, "skipped jobs wait to be dispatched again");
        }
    }
}
