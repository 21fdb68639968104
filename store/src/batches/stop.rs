use crate::jobs::{Told, cancel_locked};
use crate::prepared::Prepare;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{BatchId, Durability, JobId, StoreError, System, TenantId, TenantTx};
use diesel::sql_types::{BigInt, Nullable, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Says that whatever of the batch has not ended is to be cancelled, and cancels the job that follows. The batch takes no more jobs from
/// here on; those it has are cancelled by [`cancel_some`], which locks them before the batch, as every
/// worker does.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it has ended.
pub async fn stop(tx: &mut TenantTx, id: BatchId) -> Result<(), StoreError> {
    let stopped = sql_query(format!(
        "WITH stopped AS (
             UPDATE batches SET stopped_by = 'request', stopped_at = coalesce(stopped_at, now()), open = false
             WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING tenant_id, id
         ), ended AS (
             UPDATE jobs j SET state = 'cancelled', cancel_requested = true, finished_at = now(), revision = revision + 1
             FROM stopped s WHERE j.tenant_id = s.tenant_id AND j.id = s.id AND j.id = $2 AND j.awaits_batch AND j.state = 'scheduled'
             RETURNING j.*, NULL::jsonb AS result, NULL::jsonb AS error
         ), {TELL_WEBHOOKS}
         SELECT id FROM stopped"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .load::<Stopped>(&mut tx.conn)
    .await?;
    if stopped.is_empty() {
        super::find(tx, id).await?;
        return Err(StoreError::Conflict {
            what: "the batch has ended; what was retried of it is cancelled by its own id",
        });
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Stopped {
    #[diesel(sql_type = Uuid)]
    #[expect(dead_code, reason = "that there is a row is the answer")]
    id: BatchId,
}

/// A batch whose unended jobs are to be cancelled.
#[derive(Clone, Debug, QueryableByName)]
pub struct StoppedBatch {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub id: BatchId,
}

/// Up to `limit` batches that were stopped and of which not every job was cancelled yet. None of them can get more jobs, so that one pass
/// over its jobs, with [`cancel_some`], is enough.
///
/// # Errors
/// [`StoreError`].
pub async fn stopped(system: &System, limit: i64) -> Result<Vec<StoppedBatch>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let stopped = sql_query(
        "SELECT tenant_id, id FROM batches WHERE ended_at IS NULL AND stopped_at IS NOT NULL AND swept_at IS NULL ORDER BY id LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(stopped)
}

/// Cancels up to `limit` jobs of the batch that have not ended, by id, from behind `after` on.
///
/// # Errors
/// [`StoreError`].
pub async fn cancel_some(
    system: &System,
    batch: &StoppedBatch,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let unended: Vec<Unended> = sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND parent_id = $2 AND ($3 IS NULL OR id > $3)
            AND state NOT IN ('succeeded', 'dead', 'cancelled')
         ORDER BY id LIMIT $4 FOR UPDATE",
    )
    .bind::<Uuid, _>(batch.tenant_id)
    .bind::<Uuid, _>(batch.id)
    .bind::<Nullable<Uuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let ids: Vec<JobId> = unended.into_iter().map(|job| job.id).collect();
    let told = cancel_locked(&mut tx.conn, batch.tenant_id, &ids).await?;
    tx.commit().await?;
    Ok(told)
}

#[derive(QueryableByName)]
struct Unended {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Says that the batch's jobs have been gone through.
///
/// # Errors
/// [`StoreError`]; then they are gone through once more.
pub async fn mark_swept(system: &System, batch: &StoppedBatch) -> Result<(), StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    sql_query("UPDATE batches SET swept_at = now() WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(batch.tenant_id)
        .bind::<Uuid, _>(batch.id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    tx.commit().await
}
