use crate::{CatalogueEntry, Dispatch};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::HashSet;
use store::batches::{add, lock_open};
use store::jobs::{Lock, NewJob, create_many, lock_unique_key};
use store::{ApiKeyId, BatchId, JobId, StoreError, TenantTx};

/// A job of a batch, checked.
#[derive(Clone, Debug)]
pub struct BatchJob {
    pub entry: CatalogueEntry,
    pub payload: Value,
    pub priority: Option<i16>,
    pub run_at: Option<DateTime<Utc>>,
    pub unique_key: Option<String>,
    pub max_attempts: Option<i16>,
}

/// What the jobs that are added together have in common.
#[derive(Clone, Debug)]
pub struct AddedBy {
    pub key: ApiKeyId,
    pub trace_context: Option<String>,
}

/// What adding jobs to a batch did.
#[derive(Clone, Debug, Default)]
pub struct AddedJobs {
    /// To be given to [`Queue::push`](crate::Queue::push) after commit.
    pub dispatches: Vec<Dispatch>,
    /// Places in the list whose unique key is held by a job that has not ended; the batch does not count that one.
    pub existing: Vec<(usize, JobId)>,
}

/// Adds jobs to an open batch when `tx` commits, and closes it when `close`.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it takes no more.
pub async fn add_to_batch(
    tx: &mut TenantTx,
    batch: BatchId,
    jobs: Vec<BatchJob>,
    by: &AddedBy,
    close: bool,
) -> Result<AddedJobs, StoreError> {
    lock_open(tx, batch, jobs.len()).await?;
    let mut jobs: Vec<(JobId, BatchJob)> = jobs.into_iter().map(|job| (JobId::generate(), job)).collect();
    let existing = lock_unique_keys(tx, &jobs).await?;
    let held: HashSet<usize> = existing.iter().map(|(at, _)| *at).collect();
    let mut at = 0..;
    jobs.retain(|_| at.next().is_some_and(|at| !held.contains(&at)));
    let due: HashSet<JobId> = if jobs.is_empty() {
        HashSet::new()
    } else {
        let rows: Vec<NewJob> = jobs.iter().map(|(id, job)| row(batch, *id, job, by)).collect();
        create_many(tx, &rows).await?.into_iter().collect()
    };
    add(tx, batch, i32::try_from(jobs.len()).unwrap_or(i32::MAX), close).await?;
    let tenant = tx.tenant();
    let dispatches = jobs
        .iter()
        .filter(|(id, _)| due.contains(id))
        .map(|(id, job)| Dispatch {
            id: *id,
            tenant,
            pool: job.entry.pool,
            priority: job.priority.unwrap_or(1),
            kind: job.entry.kind.to_owned(),
            knowledge_bases: Vec::new(),
        })
        .collect();
    Ok(AddedJobs { dispatches, existing })
}

/// In the order of the keys: two requests that want the same ones then wait for each other once, and never in a circle.
async fn lock_unique_keys(tx: &mut TenantTx, jobs: &[(JobId, BatchJob)]) -> Result<Vec<(usize, JobId)>, StoreError> {
    let mut keyed: Vec<(&str, usize, JobId)> = jobs
        .iter()
        .enumerate()
        .filter_map(|(at, (id, job))| Some((job.unique_key.as_deref()?, at, *id)))
        .collect();
    keyed.sort_unstable();
    let mut existing = Vec::new();
    let mut taken: Option<(&str, JobId)> = None;
    for (key, at, id) in keyed {
        // A key that stands twice in one list: the first job has it, and is not inserted yet.
        if let Some((_, holder)) = taken.filter(|(last, _)| *last == key) {
            existing.push((at, holder));
            continue;
        }
        match lock_unique_key(tx, key, id).await? {
            Lock::Taken => taken = Some((key, id)),
            Lock::Held(holder) => existing.push((at, holder)),
        }
    }
    existing.sort_unstable();
    Ok(existing)
}

fn row(batch: BatchId, id: JobId, job: &BatchJob, by: &AddedBy) -> NewJob {
    let entry = &job.entry;
    NewJob {
        id,
        pool: entry.pool.as_str(),
        kind: entry.kind,
        payload_version: entry.payload_version,
        interactive: entry.pool.is_interactive(),
        priority: job.priority.unwrap_or(1),
        run_at: job.run_at,
        max_attempts: job.max_attempts.unwrap_or(entry.max_attempts),
        parent_id: Some(batch),
        awaits_batch: false,
        document_id: None,
        knowledge_base_ids: Vec::new(),
        created_by: Some(by.key),
        trace_context: by.trace_context.clone(),
        unique_key: job.unique_key.clone(),
        schedule: None,
        payload: job.payload.clone(),
    }
}
