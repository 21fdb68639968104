use crate::jobs::prefer_indexes;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::RunQueryDsl;

/// One of which it was not written down what became of it is kept so much longer, and for as long as its job has not ended: what holds that back costs time, never an event.
const UNSETTLED_DAYS: i32 = 7;

/// Deletes up to `limit` deliveries, with their attempts, of events older than `days`, and looks at as many that were not settled; returns how many went.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep(system: &System, days: i32, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
        "DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM webhook_deliveries
             WHERE created_at < now() - $1 * interval '1 day' AND outcome IS NOT NULL
             ORDER BY created_at LIMIT $2)
         OR (tenant_id, id) IN (
             SELECT tenant_id, id FROM (
                 SELECT tenant_id, id, job_id FROM webhook_deliveries
                 WHERE created_at < now() - ($1 + $3) * interval '1 day' AND outcome IS NULL
                 ORDER BY created_at LIMIT $2) d
             WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = ANY(array_append('{}', d.job_id)) AND j.state NOT IN ('succeeded', 'dead', 'cancelled')))",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .bind::<Integer, _>(UNSETTLED_DAYS)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(deleted)
}
