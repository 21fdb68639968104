//! Deletes what has outlived its use. Each sort of it is swept by itself, in transactions of a thousand rows: one that cannot be swept keeps nothing else.
use crate::batches::expire_open_batches;
use crate::pulse::Beat;
use crate::reconciler::interval;
use crate::{Context, WorkerOptions};
use config::DispatchSettings;
use std::sync::Arc;
use store::jobs::{
    JobRetention, LockPlace, expire_dead, sweep_batches, sweep_idempotency_keys, sweep_interactive, sweep_locks,
};
use store::webhooks::{DeliveryPlace, sweep_unsettled};
use store::{StoreError, System};

/// Rows per transaction: short ones let others at the rows.
const CHUNK: i64 = 1000;

/// The most batches of vectors that one transaction forgets; a batch has up to 64.
const AHEAD_BATCHES: i32 = 200;

/// A pass over the unique keys ends when it has met so many that are held: those cost a look each and bring nothing, and there are as many as tenants like.
const HELD_KEYS_A_PASS: usize = 5000;

/// Likewise over the deliveries of webhooks whose jobs wait.
const WAITING_DELIVERIES_A_PASS: usize = 5000;

/// Deletes what has outlived its use and makes the partitions of the weeks to come, until dropped.
pub(crate) async fn retain(context: Context, options: Arc<WorkerOptions>, beat: Beat) {
    let mut ticks = interval(60_000);
    let mut keys = UniqueKeys::default();
    let mut unsettled = UnsettledDeliveries::default();
    loop {
        ticks.tick().await;
        beat.now();
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
        // Whoever sweeps has failed to say so: what it could not delete is in the log, by sort.
        let _ = sweep_jobs(&context.system, &options.dispatch).await;
        if let Err(error) = expire_open_batches(&context.system, &context.queue).await {
            tracing::warn!(%error, "cannot close batches that nobody has closed; trying again in a minute");
        }
        if let Err(error) = keys.pass(&context.system).await {
            tracing::warn!(%error, "cannot delete unique keys of ended jobs; trying again in a minute");
        }
        let days = context.settings.webhooks.log_retention_days;
        if let Err(error) = sweep_deliveries(&context.system, days, &mut unsettled).await {
            tracing::warn!(%error, "cannot delete old deliveries of webhooks; trying again in a minute");
        }
    }
}

/// Deletes the log of webhooks that has outlived its time, a bounded way of what was not settled. Returns how many deliveries went.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_deliveries(
    system: &System,
    days: u16,
    unsettled: &mut UnsettledDeliveries,
) -> Result<usize, StoreError> {
    let settled = all_chunks(|| store::webhooks::sweep(system, i32::from(days), CHUNK)).await?;
    Ok(settled + unsettled.pass(system, days).await?)
}

/// Deletes all that has outlived its time: interactive jobs, idempotency keys, locks of ended jobs, batches without jobs, old weeks, vectors kept for documents
/// that never became ready. Gives up dead letters that have. Returns how many rows went.
///
/// # Errors
/// The first [`StoreError`]; the other sorts were swept all the same.
pub async fn sweep_all(system: &System, settings: &DispatchSettings) -> Result<usize, StoreError> {
    let rows = sweep_jobs(system, settings).await;
    let (mut keys, mut after) = (0, None);
    loop {
        let swept = sweep_locks(system, after.as_ref(), CHUNK).await?;
        keys += swept.deleted;
        after = swept.last;
        if after.is_none() {
            return Ok(rows? + keys);
        }
    }
}

/// All of it but the unique keys.
async fn sweep_jobs(system: &System, settings: &DispatchSettings) -> Result<usize, StoreError> {
    let retention = JobRetention {
        interactive_secs: i64::try_from(settings.interactive_retention_secs).unwrap_or(i64::MAX),
        days: i32::try_from(settings.job_retention_days).unwrap_or(i32::MAX),
    };
    let swept = [
        (
            "interactive jobs",
            all_chunks(|| sweep_interactive(system, retention, CHUNK)).await,
        ),
        (
            "idempotency keys",
            all_chunks(|| sweep_idempotency_keys(system, CHUNK)).await,
        ),
        ("batches", all_chunks(|| sweep_batches(system, retention, CHUNK)).await),
        // Before the weeks, which they keep no longer then.
        ("dead letters", expire_dead_letters(system, settings).await.map(|()| 0)),
        (
            "old weeks of jobs",
            store::jobs::drop_partitions(system, retention).await.map(|_| 0),
        ),
        (
            "vectors of documents that never became ready",
            store::embeddings::sweep_ahead(system, retention.days, AHEAD_BATCHES).await,
        ),
    ];
    let (mut rows, mut failed) = (0, None);
    for (what, swept) in swept {
        match swept {
            Ok(deleted) => rows += deleted,
            Err(error) => {
                tracing::warn!(%error, what, "cannot delete what has outlived its time; trying again in a minute");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(rows), Err)
}

/// Gives up the dead letters that nobody has looked after for their time.
async fn expire_dead_letters(system: &System, settings: &DispatchSettings) -> Result<(), StoreError> {
    let days = i32::try_from(settings.dead_letter_retention_days).unwrap_or(i32::MAX);
    if days == 0 {
        return Ok(());
    }
    let jobs = all_chunks(|| expire_dead(system, days, CHUNK)).await?;
    if jobs > 0 {
        tracing::info!(jobs, days, "gave up dead jobs that nobody had replayed or discarded");
    }
    Ok(())
}

/// Asks until there was less than a chunk.
async fn all_chunks<F>(sweep: impl Fn() -> F) -> Result<usize, StoreError>
where
    F: Future<Output = Result<usize, StoreError>>,
{
    let mut all = 0;
    loop {
        let deleted = sweep().await?;
        all += deleted;
        if deleted < usize::try_from(CHUNK).unwrap_or(usize::MAX) {
            return Ok(all);
        }
    }
}

/// Goes round the unique keys, a bounded way at each pass.
#[derive(Debug, Default)]
pub struct UniqueKeys {
    after: Option<LockPlace>,
}

impl UniqueKeys {
    /// Deletes keys whose job has ended, until it has been to the end or has met too many that are held. Returns how many went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pass(&mut self, system: &System) -> Result<usize, StoreError> {
        let (mut deleted, mut held) = (0, 0);
        while held < HELD_KEYS_A_PASS {
            let swept = sweep_locks(system, self.after.as_ref(), CHUNK).await?;
            deleted += swept.deleted;
            held += swept.live;
            self.after = swept.last;
            if self.after.is_none() {
                break;
            }
        }
        Ok(deleted)
    }
}

/// Goes round the deliveries of which it was not written down what became of them, a bounded way at each pass.
#[derive(Debug, Default)]
pub struct UnsettledDeliveries {
    after: Option<DeliveryPlace>,
}

impl UnsettledDeliveries {
    async fn pass(&mut self, system: &System, days: u16) -> Result<usize, StoreError> {
        let (mut deleted, mut waiting) = (0, 0);
        while waiting < WAITING_DELIVERIES_A_PASS {
            let swept = sweep_unsettled(system, i32::from(days), self.after.as_ref(), CHUNK).await?;
            deleted += swept.deleted;
            waiting += swept.waiting;
            self.after = swept.last;
            if self.after.is_none() {
                break;
            }
        }
        Ok(deleted)
    }
}
