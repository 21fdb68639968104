use crate::jobs::JobState;
use crate::prepared::Prepare;
use crate::{BatchId, JobId, StoreError, TenantTx};
use diesel::sql_types::{Array, Bool, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Locks the batches of the jobs, by id, before anything is done to several ended jobs in one transaction: two who retry jobs of the same
/// batches then wait for each other once, and never in a circle.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn lock_batches_of(tx: &mut TenantTx, jobs: &[JobId]) -> Result<(), StoreError> {
    lock(tx, jobs).await.map(drop)
}

/// Locks the job's batch, if it has one. While it cancels its jobs, none of them may begin again: nobody would cancel that one.
///
/// # Errors
/// [`StoreError::Conflict`].
pub(crate) async fn ensure_not_stopping(tx: &mut TenantTx, job: JobId) -> Result<(), StoreError> {
    if lock(tx, &[job]).await?.iter().any(|batch| batch.stopping) {
        return Err(StoreError::Conflict {
            what: "the batch of the job is being cancelled",
        });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    stopping: bool,
}

async fn lock(tx: &mut TenantTx, jobs: &[JobId]) -> Result<Vec<Locked>, StoreError> {
    Ok(sql_query(
        "SELECT b.stopped_at IS NOT NULL AND b.ended_at IS NULL AS stopping FROM batches b
         WHERE b.tenant_id = $1
           AND b.id IN (SELECT parent_id FROM jobs WHERE tenant_id = $1 AND id = ANY($2) AND parent_id IS NOT NULL)
         ORDER BY b.id FOR NO KEY UPDATE OF b",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(jobs)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// A job that was counted as `was` pends again, whether or not its batch has ended.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn uncount(tx: &mut TenantTx, batch: BatchId, was: JobState) -> Result<(), StoreError> {
    sql_query(
        "UPDATE batches SET dead = dead - ($3 = 'dead')::int, cancelled = cancelled - ($3 = 'cancelled')::int
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(batch)
    .bind::<Text, _>(was)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
