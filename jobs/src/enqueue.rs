use crate::{Dispatch, Kind, Pool};
use chrono::{DateTime, Utc};
use serde_json::Value;
use store::jobs::{Lock, NewJob, ScheduledBy};
use store::{ApiKeyId, BatchId, DocumentId, JobId, KnowledgeBaseId, StoreError, TenantTx};

/// What a job has besides its payload.
#[derive(Clone, Debug, Default)]
pub struct EnqueueOptions {
    /// The id it shall have; a fresh one by default.
    pub id: Option<JobId>,
    /// 0 runs first, 2 last; 1 by default.
    pub priority: Option<i16>,
    pub run_at: Option<DateTime<Utc>>,
    /// While a job of this key has not ended, that one is returned instead.
    pub unique_key: Option<String>,
    pub max_attempts: Option<i16>,
    /// The batch that counts it: locked open already, and told of it in the same transaction.
    pub parent_id: Option<BatchId>,
    /// It follows the batch of its own id, and is not due before that has ended.
    pub awaits_batch: bool,
    pub document_id: Option<DocumentId>,
    /// The bases whose replicas it needs. [`enqueue`] asks the job.
    pub knowledge_base_ids: Vec<KnowledgeBaseId>,
    pub created_by: Option<ApiKeyId>,
    pub trace_context: Option<String>,
    /// The schedule whose firing it is.
    pub schedule: Option<ScheduledBy>,
}

#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    #[error("the payload cannot be stored")]
    Payload(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A job that exists once the caller's transaction has committed.
#[derive(Clone, Debug)]
pub struct Enqueued {
    pub id: JobId,
    /// To be given to [`Queue::push`](crate::Queue::push) after commit; `None` when the job is not due yet, or was there before.
    pub dispatch: Option<Dispatch>,
    /// The unique key was held: this is the job that holds it.
    pub existing: bool,
}

/// Queues `job` when `tx` commits, and not otherwise.
///
/// # Errors
/// [`EnqueueError`].
pub async fn enqueue<K: Kind>(tx: &mut TenantTx, job: &K, options: EnqueueOptions) -> Result<Enqueued, EnqueueError> {
    let payload = serde_json::to_value(job)?;
    let options = EnqueueOptions {
        knowledge_base_ids: job.knowledge_bases(),
        ..options
    };
    Ok(enqueue_raw(
        tx,
        K::NAME,
        K::POOL,
        K::VERSION,
        K::RETRY.max_attempts,
        payload,
        options,
    )
    .await?)
}

/// [`enqueue`] for a kind known by name, with a payload that has been checked.
///
/// # Errors
/// [`StoreError`].
pub async fn enqueue_raw(
    tx: &mut TenantTx,
    kind: &'static str,
    pool: Pool,
    payload_version: i16,
    max_attempts: i16,
    payload: Value,
    options: EnqueueOptions,
) -> Result<Enqueued, StoreError> {
    let id = options.id.unwrap_or_else(JobId::generate);
    if let Some(key) = &options.unique_key
        && let Lock::Held(holder) = store::jobs::lock_unique_key(tx, key, id).await?
    {
        return Ok(Enqueued {
            id: holder,
            dispatch: None,
            existing: true,
        });
    }
    let priority = options.priority.unwrap_or(1);
    let knowledge_bases = options.knowledge_base_ids;
    let new = NewJob {
        id,
        pool: pool.as_str(),
        kind,
        payload_version,
        interactive: pool.is_interactive(),
        priority,
        run_at: options.run_at,
        max_attempts: options.max_attempts.unwrap_or(max_attempts),
        parent_id: options.parent_id,
        awaits_batch: options.awaits_batch,
        document_id: options.document_id,
        knowledge_base_ids: knowledge_bases.clone(),
        created_by: options.created_by,
        trace_context: options.trace_context,
        unique_key: options.unique_key,
        schedule: options.schedule,
        payload,
    };
    let due = store::jobs::create(tx, new).await?;
    let dispatch = due.then(|| Dispatch {
        id,
        tenant: tx.tenant(),
        pool,
        priority,
        kind: kind.to_owned(),
        knowledge_bases,
    });
    Ok(Enqueued {
        id,
        dispatch,
        existing: false,
    })
}
