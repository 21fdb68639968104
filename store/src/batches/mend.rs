use crate::inspect::BatchOf;
use crate::jobs::Dispatchable;
use crate::{Durability, StoreError, System};
use diesel::sql_query;
use diesel::sql_types::Uuid;
use diesel_async::RunQueryDsl;

/// Counts the batch's jobs anew, and stops the batch where a dead one should have. Returns whether it could: of a batch that is older than a week and
/// has lost jobs to retention it is not known how those ended.
///
/// # Errors
/// [`StoreError`].
pub async fn recount(system: &System, batch: BatchOf) -> Result<bool, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    // Whoever ends a job of it meanwhile waits with the job's end uncommitted, which the count below does not see, and adds it afterwards.
    sql_query("SELECT FROM batches WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind::<Uuid, _>(batch.tenant_id)
        .bind::<Uuid, _>(batch.id)
        .execute(&mut tx.conn)
        .await?;
    let counted = sql_query(
        "UPDATE batches b SET total = s.total, succeeded = s.succeeded, dead = s.dead, cancelled = s.cancelled,
                open = b.open AND NOT s.stops, stopped_by = coalesce(b.stopped_by, CASE WHEN s.stops THEN 'failure' END),
                stopped_at = coalesce(b.stopped_at, CASE WHEN s.stops THEN now() END)
         FROM (SELECT c.*, c.dead > 0 AND w.on_failure = 'cancel' AND w.ended_at IS NULL AS stops
               FROM batches w, LATERAL (
                   SELECT count(*) AS total, count(*) FILTER (WHERE j.state = 'succeeded') AS succeeded,
                          count(*) FILTER (WHERE j.state = 'dead') AS dead, count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled
                   FROM jobs j WHERE j.tenant_id = w.tenant_id AND j.parent_id = w.id) c
               WHERE w.tenant_id = $1 AND w.id = $2) s
         WHERE b.tenant_id = $1 AND b.id = $2 AND (b.created_at > now() - interval '7 days' OR b.total = s.total)",
    )
    .bind::<Uuid, _>(batch.tenant_id)
    .bind::<Uuid, _>(batch.id)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(counted > 0)
}

/// Makes the jobs due that still wait for a batch which has ended; returns them, to be pushed. A batch that ends does this by itself.
///
/// # Errors
/// [`StoreError`].
pub async fn release_steps(system: &System) -> Result<Vec<Dispatchable>, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let released = sql_query(
        "UPDATE jobs j SET awaits_batch = false, state = 'queued', run_at = now(), revision = revision + 1
         FROM batches b WHERE b.tenant_id = j.tenant_id AND j.id = ANY(array_append('{}', b.id)) AND b.has_step AND b.ended_at IS NOT NULL
           AND j.state = 'scheduled' AND j.awaits_batch
         RETURNING j.id, j.tenant_id, j.pool, j.priority, j.kind, j.knowledge_base_ids",
    )
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(released)
}
