use super::Dispatchable;
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_query;
use diesel::sql_types::Uuid;
use diesel_async::RunQueryDsl;

/// Queues a dead or cancelled job again, as a new run whose attempts count from 0.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the job is neither dead nor cancelled.
pub async fn retry(tx: &mut TenantTx, id: JobId) -> Result<Dispatchable, StoreError> {
    let queued: Result<Dispatchable, _> = sql_query(
        "WITH job AS (
             UPDATE jobs SET state = 'queued', run = run + 1, attempt = 0, run_at = now(), cancel_requested = false, progress = NULL,
                    started_at = NULL, finished_at = NULL, dispatch_epoch = NULL, dispatched_at = NULL, revision = revision + 1
             WHERE tenant_id = $1 AND id = $2 AND state IN ('dead', 'cancelled')
             RETURNING id, tenant_id, pool, priority
         ), body AS (
             UPDATE job_bodies b SET error = NULL, result = NULL FROM job
             WHERE b.tenant_id = job.tenant_id AND b.job_id = job.id AND b.job_id = $2
         )
         SELECT * FROM job",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .get_result(&mut tx.conn)
    .await;
    match queued {
        Ok(queued) => Ok(queued),
        Err(diesel::result::Error::NotFound) => {
            super::find(tx, id).await?;
            Err(StoreError::Conflict {
                what: "only a dead or cancelled job can be retried",
            })
        }
        Err(error) => Err(error.into()),
    }
}
