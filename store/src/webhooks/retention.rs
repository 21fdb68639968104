use crate::jobs::prefer_indexes;
use crate::store::Durability;
use crate::{StoreError, System, TenantId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Integer, Nullable, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// One of which it was not written down what became of it is kept so much longer, and for as long as its job has not ended: what holds that back costs time, never an event.
const UNSETTLED_DAYS: i32 = 7;

/// Deletes up to `limit` deliveries, with their attempts, of events older than `days` of which it is known what became; returns how many went.
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
             ORDER BY created_at LIMIT $2)",
    )
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(deleted)
}

/// The delivery that was looked at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryPlace {
    pub created_at: DateTime<Utc>,
    pub tenant: TenantId,
    pub id: uuid::Uuid,
}

/// What one look at unsettled deliveries found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnsettledSwept {
    pub deleted: usize,
    /// Those whose job has not ended.
    pub waiting: usize,
    /// Where to go on; `None`: there are no more.
    pub last: Option<DeliveryPlace>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    looked_at: i64,
    #[diesel(sql_type = BigInt)]
    deleted: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Uuid>)]
    tenant_id: Option<TenantId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    id: Option<uuid::Uuid>,
}

/// Looks at up to `limit` unsettled deliveries of events older than `days` and a week, behind `after`, the oldest first, and deletes those whose job has ended or is gone: those whose job waits would
/// else be all that is ever looked at.
///
/// # Errors
/// [`StoreError`].
pub async fn sweep_unsettled(
    system: &System,
    days: i32,
    after: Option<&DeliveryPlace>,
    limit: i64,
) -> Result<UnsettledSwept, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let row: Row = sql_query(
        "WITH looked AS MATERIALIZED (
             SELECT created_at, tenant_id, id, job_id FROM webhook_deliveries
             WHERE created_at < now() - ($1 + $2) * interval '1 day' AND outcome IS NULL
               AND created_at >= coalesce($3, '-infinity') AND ($3 IS NULL OR (created_at, tenant_id, id) > ($3, $4, $5))
             ORDER BY created_at, tenant_id, id LIMIT $6
         ), ended AS MATERIALIZED (
             SELECT tenant_id, id FROM looked l
             WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = ANY(array_append('{}', l.job_id)) AND j.state NOT IN ('succeeded', 'dead', 'cancelled'))
         ), gone AS (
             DELETE FROM webhook_deliveries d USING ended e WHERE d.tenant_id = e.tenant_id AND d.id = e.id AND d.outcome IS NULL RETURNING d.id
         )
         SELECT (SELECT count(*) FROM looked) AS looked_at, (SELECT count(*) FROM gone) AS deleted, l.created_at, l.tenant_id, l.id
         FROM (VALUES (1)) AS one
         LEFT JOIN (SELECT * FROM looked ORDER BY created_at DESC, tenant_id DESC, id DESC LIMIT 1) l ON true",
    )
    .bind::<Integer, _>(days)
    .bind::<Integer, _>(UNSETTLED_DAYS)
    .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.created_at))
    .bind::<Nullable<Uuid>, _>(after.map(|after| after.tenant))
    .bind::<Nullable<Uuid>, _>(after.map(|after| after.id))
    .bind::<BigInt, _>(limit)
    .get_result(&mut tx.conn)
    .await?;
    tx.commit().await?;
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let last = row.created_at.zip(row.tenant_id).zip(row.id);
    Ok(UnsettledSwept {
        deleted: count(row.deleted),
        waiting: count(row.looked_at - row.deleted),
        last: last
            .filter(|_| row.looked_at >= limit)
            .map(|((created_at, tenant), id)| DeliveryPlace { created_at, tenant, id }),
    })
}
