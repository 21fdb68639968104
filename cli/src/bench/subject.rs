use super::rig::Rig;
use anyhow::Context as _;
use jobs::kinds::diagnostics::{Stamp, Stamped};
use jobs::{Dispatch, EnqueueError, EnqueueOptions, Enqueued, Kind, Pool, enqueue, enqueue_many};
use measure::{Subject, WorkerProcess, now_ms};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{JobId, TenantId};
use tokio::process::Command;

/// Ids in one query for results.
const PAGE: usize = 1000;

/// Our own queue, driven by the code that the API runs, with the worker binary that is running this.
pub(super) struct OurQueue {
    rig: Rig,
    tenant: TenantId,
    reserved: AtomicUsize,
    /// Settings of the worker processes, as `VISUALKIT__SECTION__KEY` and value.
    settings: Vec<(String, String)>,
    numbers: Mutex<HashMap<JobId, u32>>,
}

impl OurQueue {
    pub(super) fn new(rig: Rig, settings: Vec<(String, String)>) -> Self {
        let tenant = rig.tenant;
        Self {
            rig,
            tenant,
            reserved: AtomicUsize::new(0),
            settings,
            numbers: Mutex::default(),
        }
    }

    /// Gives the workers that are started from here on so many slots for tenants that hold none.
    pub(super) fn reserve(&self, slots: usize) {
        self.reserved.store(slots, Ordering::Relaxed);
    }

    fn numbers(&self) -> MutexGuard<'_, HashMap<JobId, u32>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `count` jobs of a tenant in one transaction, and then offers them to the workers.
    pub(super) async fn queue_many<K: Kind + Clone>(
        &self,
        tenant: TenantId,
        job: &K,
        count: usize,
    ) -> anyhow::Result<Vec<JobId>> {
        let jobs = vec![job.clone(); count];
        let queued: Result<(Vec<JobId>, Vec<Dispatch>), EnqueueError> = self
            .rig
            .context
            .store
            .tenant(tenant, async |tx| enqueue_many(tx, &jobs).await)
            .await;
        let (ids, dispatches) = queued?;
        self.rig.context.queue.push(&dispatches).await;
        Ok(ids)
    }

    /// Queues one job that says when its handler starts; its id, and the time after its commit.
    pub(super) async fn queue_stamp(&self, tenant: TenantId, id: JobId) -> anyhow::Result<f64> {
        let options = EnqueueOptions {
            id: Some(id),
            ..EnqueueOptions::default()
        };
        let queued: Result<Enqueued, EnqueueError> = self
            .rig
            .context
            .store
            .tenant(tenant, async |tx| enqueue(tx, &Stamp {}, options).await)
            .await;
        let (queued, committed) = (queued?, now_ms());
        self.rig.context.queue.push(queued.dispatch.as_slice()).await;
        Ok(committed)
    }

    /// When the handlers of those of `ids` started that have ended.
    pub(super) async fn started(&self, tenant: TenantId, ids: &[JobId]) -> anyhow::Result<Vec<(JobId, f64)>> {
        let jobs = self
            .rig
            .context
            .store
            .tenant(tenant, async |tx| store::jobs::find_many(tx, ids).await)
            .await?;
        let stamp = |job: store::jobs::Job| {
            let stamped: Stamped = serde_json::from_value(job.result?).ok()?;
            Some((job.id, stamped.started_at_ms))
        };
        Ok(jobs.into_iter().filter_map(stamp).collect())
    }

    /// How many ids wait in Redis.
    pub(super) async fn waiting(&self) -> anyhow::Result<u64> {
        Ok(self.rig.context.queue.depth(Pool::General).await?.queued)
    }

    /// Deletes the jobs of `tenants`, and lets workers drop the ids that Redis holds of them.
    pub(super) async fn clear(&self, tenants: &[TenantId]) -> anyhow::Result<()> {
        let mut owner = self.rig.owner.lock().await;
        for tenant in tenants {
            store::jobs::erase_all(&mut owner, *tenant).await?;
        }
        drop(owner);
        self.numbers().clear();
        if self.waiting().await? == 0 {
            return Ok(());
        }
        let sweeper = WorkerProcess::start(self.worker(100))?;
        while self.waiting().await? > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sweeper.stop().await
    }
}

impl Subject for OurQueue {
    async fn single(&self, n: u32) -> anyhow::Result<f64> {
        let id = JobId::generate();
        self.numbers().insert(id, n);
        self.queue_stamp(self.tenant, id).await
    }

    async fn batch(&self, numbers: Range<u32>) -> anyhow::Result<()> {
        let ids = self.queue_many(self.tenant, &Stamp {}, numbers.len()).await?;
        self.numbers().extend(ids.into_iter().zip(numbers));
        Ok(())
    }

    /// Redis first: counting rows while thousands wait would slow the workers.
    async fn left(&self) -> anyhow::Result<u64> {
        let waiting = self.waiting().await?;
        if waiting > 0 {
            return Ok(waiting);
        }
        let states = store::pools::states(&self.rig.context.system, &[Pool::General.as_str()]).await?;
        let state = states.first().context("there is no pool `general`")?;
        Ok(u64::try_from(state.load.queued + state.scheduled + state.load.running).unwrap_or_default())
    }

    async fn purge(&self) -> anyhow::Result<()> {
        self.clear(&[self.tenant]).await
    }

    fn worker(&self, concurrency: usize) -> Command {
        let mut command = Command::new(&self.rig.program);
        command
            .args(["worker", "--pools", "general"])
            .env("VISUALKIT__WORKERS__GENERAL", concurrency.to_string())
            // Slots beside those that were asked for.
            .env(
                "VISUALKIT__WORKERS__GENERAL_RESERVED",
                self.reserved.load(Ordering::Relaxed).to_string(),
            )
            .env("VISUALKIT__SERVER__ADMIN_LISTEN", "127.0.0.1:0")
            .env("VISUALKIT__LOG__FILTER", "warn")
            .env_remove("DATABASE_OWNER_URL")
            .envs(self.settings.iter().cloned());
        command
    }

    async fn starts(&self) -> anyhow::Result<HashMap<u32, f64>> {
        let numbers = self.numbers().clone();
        let ids: Vec<JobId> = numbers.keys().copied().collect();
        let mut starts = HashMap::with_capacity(ids.len());
        for page in ids.chunks(PAGE) {
            let started = self.started(self.tenant, page).await?;
            starts.extend(
                started
                    .into_iter()
                    .filter_map(|(id, at)| Some((*numbers.get(&id)?, at))),
            );
        }
        Ok(starts)
    }
}
