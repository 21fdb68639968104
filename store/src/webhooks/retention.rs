use crate::jobs::prefer_indexes;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::RunQueryDsl;

/// Deletes up to `limit` deliveries, with their attempts, of events older than `days`; returns how many.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep(system: &System, days: i32, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
        "DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM webhook_deliveries WHERE created_at < now() - $1 * interval '1 day' ORDER BY created_at LIMIT $2)",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(deleted)
}
