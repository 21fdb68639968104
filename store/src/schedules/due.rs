use super::Schedule;
use super::find::COLUMNS;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{KnowledgeBaseId, ScheduleId, SourceId, StoreError, System, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Which schedule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct DueSchedule {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub id: ScheduleId,
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
}

/// Up to `limit` schedules of all tenants that are due, the longest due first; `after` is where the last such list ended.
///
/// # Errors
/// [`StoreError`].
pub async fn list_due(system: &System, after: Option<DueSchedule>, limit: i64) -> Result<Vec<DueSchedule>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let due = sql_query(
        "SELECT tenant_id, id, due_at FROM schedules
         WHERE due_at <= now() AND ($1 IS NULL OR (due_at, id) > ($1, $2)) ORDER BY due_at, id LIMIT $3",
    )
    .bind::<Nullable<Timestamptz>, _>(after.map(|last| last.due_at))
    .bind::<Nullable<Uuid>, _>(after.map(|last| last.id))
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(due)
}

/// A schedule that is due, locked.
#[derive(Clone, Debug)]
pub struct Due {
    pub schedule: Schedule,
    /// The first tick that has not been decided about.
    pub tick: DateTime<Utc>,
    /// When it should have fired.
    pub due_at: DateTime<Utc>,
    /// By the database's clock.
    pub now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(embed)]
    schedule: Schedule,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// Locks the schedule if it is due and nobody else is at it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn lock_due(tx: &mut TenantTx, id: ScheduleId) -> Result<Option<Due>, StoreError> {
    let row: Option<DueRow> = sql_query(format!(
        "SELECT {COLUMNS}, now() AS now FROM schedules WHERE tenant_id = $1 AND id = $2 AND due_at <= now() FOR UPDATE SKIP LOCKED"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(row.and_then(|DueRow { schedule, now }| {
        let (tick, due_at) = (schedule.next_tick?, schedule.due_at?);
        Some(Due {
            schedule,
            tick,
            due_at,
            now,
        })
    }))
}

/// All ticks before `tick` are decided about; `tick` is due at `due_at`.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn set_next_tick(
    tx: &mut TenantTx,
    id: ScheduleId,
    tick: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sql_query(
        "UPDATE schedules SET next_tick = $3, due_at = $4, refusal = NULL, refused_since = NULL WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Timestamptz, _>(tick)
    .bind::<Timestamptz, _>(due_at)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Notes why the schedule cannot fire, and perhaps disables it for that.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn set_refusal(tx: &mut TenantTx, id: ScheduleId, refusal: &str, disable: bool) -> Result<(), StoreError> {
    sql_query(
        "UPDATE schedules SET refusal = $3, refused_since = coalesce(refused_since, now()), enabled = NOT $4,
                next_tick = CASE WHEN NOT $4 THEN next_tick END, due_at = CASE WHEN NOT $4 THEN due_at END
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Text, _>(refusal)
    .bind::<Bool, _>(disable)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Disables the schedules that bring a source up to date which is being deleted, by itself or with its base: it does not come back. They come before the source, as
/// they do when they fire.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn disable_for_deletion(
    tx: &mut TenantTx,
    source: Option<SourceId>,
    base: Option<KnowledgeBaseId>,
) -> Result<(), StoreError> {
    sql_query(
        "UPDATE schedules SET refusal = 'its source was deleted', refused_since = now(), enabled = false, next_tick = NULL, due_at = NULL
         WHERE tenant_id = $1 AND enabled
           AND payload ->> 'source_id' IN (SELECT id::text FROM sources WHERE tenant_id = $1 AND (id = $2 OR knowledge_base_id = $3))",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Uuid>, _>(source)
    .bind::<Nullable<Uuid>, _>(base)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
