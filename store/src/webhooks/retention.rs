use crate::jobs::prefer_indexes;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::RunQueryDsl;

/// One that is still tried (an old event that was sent again) is kept so much longer: past its last attempt.
const UNSETTLED_DAYS: i32 = 7;

/// Deletes up to `limit` deliveries, with their attempts, of events older than `days`; returns how many.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep(system: &System, days: i32, limit: i64) -> Result<usize, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let deleted = sql_query(
        "DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
             SELECT tenant_id, id FROM webhook_deliveries
             WHERE created_at < now() - $1 * interval '1 day'
               AND (outcome IS NOT NULL OR created_at < now() - ($1 + $3) * interval '1 day')
             ORDER BY created_at LIMIT $2)",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .bind::<Integer, _>(UNSETTLED_DAYS)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(deleted)
}
