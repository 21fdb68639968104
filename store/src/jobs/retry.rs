use super::{Dispatchable, Lock, lock_unique_key};
use crate::{JobId, StoreError, TenantTx};
use diesel::sql_types::{Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    unique_key: Option<String>,
}

/// Queues a dead or cancelled job again, as a new run whose attempts count from 0. It takes its unique key again.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the job is neither dead nor cancelled, or another job has its unique key.
pub async fn retry(tx: &mut TenantTx, id: JobId) -> Result<Dispatchable, StoreError> {
    let row: Option<Row> = sql_query(
        "SELECT unique_key FROM jobs WHERE tenant_id = $1 AND id = $2 AND state IN ('dead', 'cancelled') FOR UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .load(&mut tx.conn)
    .await?
    .pop();
    let Some(row) = row else {
        super::find(tx, id).await?;
        return Err(StoreError::Conflict {
            what: "only a dead or cancelled job can be retried",
        });
    };
    if let Some(key) = row.unique_key
        && let Lock::Held(_) = lock_unique_key(tx, &key, id).await?
    {
        return Err(StoreError::Conflict {
            what: "another job with the same unique key has not ended",
        });
    }
    Ok(sql_query(
        "WITH job AS (
             UPDATE jobs SET state = 'queued', run = run + 1, attempt = 0, run_at = now(), cancel_requested = false, progress = NULL,
                    started_at = NULL, finished_at = NULL, dispatch_epoch = NULL, dispatched_at = NULL, revision = revision + 1
             WHERE tenant_id = $1 AND id = $2
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
    .await?)
}
