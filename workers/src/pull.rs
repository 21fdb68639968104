//! Takes jobs for one pool: ids from Redis, leases from Postgres, in batches no larger than the free slots.
use crate::pulse::Beat;
use crate::running::Running;
use crate::slots::{Offer, Slots};
use crate::{Context, Envelope, WorkerOptions, apalis_redis, reconciler};
use config::DispatchBackend;
use jobs::{Asking, Dispatch, Home, Pool, Popped};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{ClaimedJob, Held};
use store::{JobId, StoreError};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// More in one batch would only make the first of them wait.
pub(crate) const BATCH: usize = 100;

/// How often a pool whose slots are all taken says that it only waits.
pub(crate) const BUSY_BEAT: Duration = Duration::from_secs(10);

/// How long to wait after Redis or Postgres failed.
pub(crate) const BACK_OFF: Duration = Duration::from_millis(200);

pub(crate) struct Pull {
    pub(crate) pool: Pool,
    pub(crate) worker: Arc<str>,
    pub(crate) context: Context,
    pub(crate) options: Arc<WorkerOptions>,
    pub(crate) running: Running,
    pub(crate) jobs: Sender<Envelope>,
    pub(crate) slots: Slots,
    pub(crate) stop: CancellationToken,
    pub(crate) beat: Beat,
}

impl Pull {
    /// Takes jobs until told to stop, by the configured way.
    pub(crate) async fn run(self) {
        match self.options.dispatch.backend {
            DispatchBackend::Own => self.pull().await,
            DispatchBackend::ApalisRedis => apalis_redis::run(self).await,
        }
    }

    /// Pulls until told to stop. Between a pop and its claim nothing is abandoned: a stop takes effect before the next pop.
    async fn pull(self) {
        let (bell, _subscription) = self.context.queue.doorbell(self.pool);
        let poll_interval = Duration::from_millis(self.options.dispatch.poll_interval_ms);
        while let Some(offer) = self.offer().await {
            match self.context.queue.take(self.pool, &self.asking(&offer)).await {
                Ok(popped) if popped.jobs.is_empty() => {
                    let reserved = offer.reserved;
                    let left = offer.give_back();
                    tokio::select! {
                        () = bell.notified() => {}
                        () = self.slots.common(), if reserved => {}
                        () = left.since(), if reserved => {}
                        () = tokio::time::sleep(popped.left_for.unwrap_or(poll_interval).min(poll_interval)) => {}
                        () = self.stop.cancelled() => {}
                    }
                }
                Ok(popped) => {
                    if !self.claim(popped.jobs, offer).await {
                        self.until_postgres_answers().await;
                    }
                }
                Err(error) => {
                    tracing::warn!(pool = %self.pool, %error, "cannot take jobs; trying again");
                    drop(offer);
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    fn asking<'a>(&'a self, offer: &'a Offer) -> Asking<'a> {
        let home = (self.pool == Pool::Retrieval).then(|| Home {
            name: &self.worker,
            copies: self.context.settings.retrieval.copies,
        });
        Asking {
            limit: offer.len(),
            pass_over: &offer.pass_over,
            reserved: offer.reserved,
            home,
        }
    }

    /// Waits for free slots; `None` when it is time to stop.
    async fn offer(&self) -> Option<Offer> {
        loop {
            self.beat.now();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                offer = self.slots.offer(BATCH) => return offer,
                // Long jobs in every slot are no stall.
                () = tokio::time::sleep(BUSY_BEAT) => {}
            }
        }
    }

    /// Lets others have a job that was popped and will not be claimed here.
    pub(crate) async fn hand_on(&self, popped: &[Popped]) {
        let back: Vec<Dispatch> = popped.iter().map(|popped| popped.job.clone()).collect();
        self.context.queue.push(&back).await;
        self.release(popped).await;
    }

    /// Claims what was popped for as many slots, and hands it to the worker. `false`: Postgres does not answer, and others may have it.
    pub(crate) async fn claim(&self, popped: Vec<Popped>, mut offer: Offer) -> bool {
        let ids: Vec<JobId> = popped.iter().map(|popped| popped.job.id).collect();
        let claimed = match self.claim_rows(&ids).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(pool = %self.pool, %error, "cannot claim jobs; giving them back");
                self.hand_on(&popped).await;
                return false;
            }
        };
        let mut skipped: HashMap<JobId, Popped> = popped.into_iter().map(|popped| (popped.job.id, popped)).collect();
        for job in claimed {
            let popped = skipped.remove(&job.id);
            let Some(slot) = offer.occupy(&self.slots, job.tenant_id) else {
                break;
            };
            let held = Held {
                id: job.id,
                lease_token: job.lease_token,
            };
            let running = self.running.enter(held, popped.filter(Popped::is_held));
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
                return true;
            }
        }
        drop(offer);
        if let Err(error) = self.context.queue.settle(self.pool, &ids).await {
            tracing::debug!(%error, "popped ids stay until they are pushed again");
        }
        self.return_skipped(skipped.into_values().collect()).await;
        true
    }

    /// A claim whose answer is lost, or late by a third of a lease, may have been made: that is asked once, on another connection, so that what it got runs here.
    async fn claim_rows(&self, ids: &[JobId]) -> Result<Vec<ClaimedJob>, StoreError> {
        let (system, token, lease_ms) = (&self.context.system, uuid::Uuid::new_v4(), self.options.lease_ms());
        match self
            .in_time(store::jobs::claim(system, ids, &self.worker, token, lease_ms))
            .await
        {
            Err(error) if error.is_transient() => {
                let claimed = self
                    .in_time(store::jobs::claimed_as(system, ids, token, lease_ms))
                    .await?;
                tracing::warn!(pool = %self.pool, %error, jobs = claimed.len(), "no answer to a claim; looked what it got");
                Ok(claimed)
            }
            answered => answered,
        }
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match tokio::time::timeout(self.options.dispatch.lease() / 3, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(StoreError::Unavailable(
                "no answer within a third of a lease".to_owned(),
            )),
        }
    }

    /// No more jobs are taken meanwhile: this process may be the only one that is cut off. Jobs that were claimed without its hearing of it, and not found
    /// by asking once, are found when their leases expire.
    pub(crate) async fn until_postgres_answers(&self) {
        while let Err(error) = self.context.system.ping().await {
            tracing::warn!(pool = %self.pool, %error, "no jobs are taken while the database does not answer");
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(BACK_OFF) => {}
            }
        }
    }

    /// An id that Postgres did not give us has ended or is another's, unless its row was locked just then: those go back to Redis.
    async fn return_skipped(&self, skipped: Vec<Popped>) {
        if skipped.is_empty() {
            return;
        }
        self.release(&skipped).await;
        let ids: Vec<JobId> = skipped.iter().map(|popped| popped.job.id).collect();
        match store::jobs::still_queued(&self.context.system, &ids).await {
            Ok(jobs) => self.context.queue.push(&reconciler::dispatches(jobs)).await,
            Err(error) => tracing::warn!(%error, "skipped jobs wait for the reconciler"),
        }
        // Those that are paused are in no index now; unmarked, they are offered as soon as the pause is over.
        if let Err(error) = store::jobs::unmark_dispatch(&self.context.system, &ids).await {
            tracing::warn!(%error, "skipped jobs wait to be dispatched again");
        }
    }

    async fn release(&self, popped: &[Popped]) {
        if let Err(error) = self.context.queue.release(self.pool, popped).await {
            tracing::debug!(%error, "jobs that were not claimed count under limits until the next look");
        }
    }
}
