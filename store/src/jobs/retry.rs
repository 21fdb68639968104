use super::{Dispatchable, JobState, Lock, lock_unique_key};
use crate::batches::{ensure_not_stopping, uncount};
use crate::effects::{self, Decision, IS_UNKNOWN};
use crate::prepared::Prepare;
use crate::{BatchId, JobId, StoreError, TenantTx};
use diesel::sql_types::{Bool, Nullable, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What a retry by hand did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retried {
    Queued(Dispatchable),
    /// Nobody knows whether one of the job's calls took effect: say first whether that is to be repeated.
    NeedsDecision,
    /// A decision was given and there is nothing to decide.
    NothingToDecide,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    unique_key: Option<String>,
    #[diesel(sql_type = Bool)]
    is_undecided: bool,
    #[diesel(sql_type = Text)]
    state: JobState,
    #[diesel(sql_type = Nullable<Uuid>)]
    parent_id: Option<BatchId>,
}

/// Queues a dead or cancelled job again, as a new run whose attempts count from 0. It takes its unique key again, and pends again in its batch;
/// a batch that has ended does not end a second time for that, and what followed it does not run again.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the job is neither dead nor cancelled, or another job has its unique key, or its batch is being
/// cancelled.
pub async fn retry(tx: &mut TenantTx, id: JobId, decision: Option<Decision>) -> Result<Retried, StoreError> {
    ensure_not_stopping(tx, id).await?;
    let Some(row) = lock_ended(tx, id).await? else {
        super::find(tx, id).await?;
        return Err(StoreError::Conflict {
            what: "only a dead or cancelled job can be retried",
        });
    };
    match decision {
        None if row.is_undecided => return Ok(Retried::NeedsDecision),
        Some(_) if !row.is_undecided => return Ok(Retried::NothingToDecide),
        None | Some(_) => {}
    }
    if let Some(key) = row.unique_key
        && let Lock::Held(_) = lock_unique_key(tx, &key, id).await?
    {
        return Err(StoreError::Conflict {
            what: "another job with the same unique key has not ended",
        });
    }
    // Last: what is decided of a job that is not retried would leave it as something that nobody can decide about.
    if let Some(decision) = decision {
        effects::decide(tx, id, decision).await?;
    }
    if let Some(batch) = row.parent_id {
        uncount(tx, batch, row.state).await?;
    }
    Ok(Retried::Queued(queue_again(tx, id).await?))
}

async fn lock_ended(tx: &mut TenantTx, id: JobId) -> Result<Option<Row>, StoreError> {
    Ok(sql_query(format!(
        "SELECT j.unique_key, j.state, j.parent_id, {IS_UNKNOWN} AS is_undecided
         FROM jobs j WHERE j.tenant_id = $1 AND j.id = $2 AND j.state IN ('dead', 'cancelled') FOR UPDATE"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// What becomes of a row whose job is to run anew, from its first attempt.
pub(crate) const QUEUED_AGAIN: &str =
    "state = CASE WHEN awaits_batch THEN 'scheduled' ELSE 'queued' END, run = run + 1, attempt = 0, run_at = now(), cancel_requested = false, forced = false,
     progress = NULL, snooze = NULL, started_at = NULL, finished_at = NULL, discarded_at = NULL, discard_reason = NULL, dispatch_epoch = NULL,
     dispatched_at = NULL, revision = revision + 1";

async fn queue_again(tx: &mut TenantTx, id: JobId) -> Result<Dispatchable, StoreError> {
    Ok(sql_query(format!(
        "WITH job AS (
             UPDATE jobs SET {QUEUED_AGAIN}
             WHERE tenant_id = $1 AND id = $2
             RETURNING id, tenant_id, pool, priority, kind, knowledge_base_ids
         ), body AS (
             UPDATE job_bodies b SET error = NULL, result = NULL FROM job
             WHERE b.tenant_id = job.tenant_id AND b.job_id = job.id AND b.job_id = $2
         )
         SELECT id, tenant_id, pool, priority, kind, knowledge_base_ids FROM job",
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}
