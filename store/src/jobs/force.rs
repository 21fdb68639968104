use super::Dispatchable;
use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_query;
use diesel::sql_types::Uuid;
use diesel_async::RunQueryDsl;

/// Lets a job that waits run now, whatever is paused but its tenant by an operator, and whenever it was due. That holds for the next attempt, to its end.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it runs, has ended, or follows a batch that has not.
pub async fn force(tx: &mut TenantTx, id: JobId) -> Result<Dispatchable, StoreError> {
    let forced: Result<Dispatchable, _> = sql_query(
        "UPDATE jobs SET forced = true, state = 'queued', run_at = least(run_at, now()), dispatch_epoch = NULL, dispatched_at = NULL,
                revision = revision + 1
         WHERE tenant_id = $1 AND id = $2 AND state IN ('scheduled', 'queued', 'retryable') AND NOT awaits_batch
         RETURNING id, tenant_id, pool, priority, kind, knowledge_base_ids",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await;
    match forced {
        Ok(forced) => Ok(forced),
        Err(diesel::result::Error::NotFound) => {
            super::find(tx, id).await?;
            Err(StoreError::Conflict {
                what: "the job does not wait for its turn: it runs, has ended, or follows a batch that has not ended",
            })
        }
        Err(error) => Err(error.into()),
    }
}
