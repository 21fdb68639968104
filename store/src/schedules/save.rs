use super::find::COLUMNS;
use super::{CatchUp, Overlap, Schedule};
use crate::prepared::Prepare;
use crate::{ApiKeyId, ScheduleId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// Schedules that a tenant can have: what is due in one second is bounded by it.
pub const MAX_PER_TENANT: i64 = 1000;

const NAME_TAKEN: &str = "a schedule of this name exists";

/// A tick to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTick {
    pub tick: DateTime<Utc>,
    /// When the schedule fires for it: jitter later.
    pub due_at: DateTime<Utc>,
}

/// A schedule to be made.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    pub id: ScheduleId,
    pub name: String,
    pub cron: String,
    pub time_zone: String,
    pub kind: String,
    pub payload: Value,
    pub priority: Option<i16>,
    pub max_attempts: Option<i16>,
    pub jitter_secs: i32,
    pub catch_up: CatchUp,
    pub overlap: Overlap,
    /// The first tick; `None`: disabled.
    pub next: Option<NextTick>,
    pub created_by: ApiKeyId,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// # Errors
/// [`StoreError::Conflict`] when the name is taken, or the tenant has [`MAX_PER_TENANT`].
pub async fn create(tx: &mut TenantTx, new: NewSchedule) -> Result<Schedule, StoreError> {
    // One at a time, or many requests would each find room for one more.
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('schedules of ' || $1::text, 0))")
        .bind::<Uuid, _>(tx.tenant)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let there: Count = sql_query("SELECT count(*) AS count FROM schedules WHERE tenant_id = $1")
        .bind::<Uuid, _>(tx.tenant)
        .prepared()
        .get_result(&mut tx.conn)
        .await?;
    if there.count >= MAX_PER_TENANT {
        return Err(StoreError::Conflict {
            what: "there are 1000 schedules, and no more are allowed",
        });
    }
    let (next_tick, due_at) = new.next.map(|next| (next.tick, next.due_at)).unzip();
    sql_query(format!(
        "INSERT INTO schedules (tenant_id, id, name, cron, time_zone, kind, payload, priority, max_attempts, jitter_secs, catch_up, overlap,
                                next_tick, due_at, enabled, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13 IS NOT NULL, $15)
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(new.id)
    .bind::<Text, _>(new.name)
    .bind::<Text, _>(new.cron)
    .bind::<Text, _>(new.time_zone)
    .bind::<Text, _>(new.kind)
    .bind::<Jsonb, _>(new.payload)
    .bind::<Nullable<SmallInt>, _>(new.priority)
    .bind::<Nullable<SmallInt>, _>(new.max_attempts)
    .bind::<Integer, _>(new.jitter_secs)
    .bind::<Text, _>(new.catch_up)
    .bind::<Text, _>(new.overlap)
    .bind::<Nullable<Timestamptz>, _>(next_tick)
    .bind::<Nullable<Timestamptz>, _>(due_at)
    .bind::<Uuid, _>(new.created_by)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, NAME_TAKEN))
}

/// Writes what can be changed of `schedule`, which the caller holds by [`lock`](super::lock). It is refused no longer, until it is again.
///
/// # Errors
/// [`StoreError::Conflict`] when the name is taken.
pub async fn update(tx: &mut TenantTx, schedule: Schedule) -> Result<Schedule, StoreError> {
    sql_query(format!(
        "UPDATE schedules SET name = $3, cron = $4, time_zone = $5, kind = $6, payload = $7, priority = $8, max_attempts = $9, jitter_secs = $10,
                catch_up = $11, overlap = $12, enabled = $13, next_tick = $14, due_at = $15, refusal = NULL, refused_since = NULL, updated_at = now()
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule.id)
    .bind::<Text, _>(schedule.name)
    .bind::<Text, _>(schedule.cron)
    .bind::<Text, _>(schedule.time_zone)
    .bind::<Text, _>(schedule.kind)
    .bind::<Jsonb, _>(schedule.payload)
    .bind::<Nullable<SmallInt>, _>(schedule.priority)
    .bind::<Nullable<SmallInt>, _>(schedule.max_attempts)
    .bind::<Integer, _>(schedule.jitter_secs)
    .bind::<Text, _>(schedule.catch_up)
    .bind::<Text, _>(schedule.overlap)
    .bind::<Bool, _>(schedule.enabled)
    .bind::<Nullable<Timestamptz>, _>(schedule.next_tick)
    .bind::<Nullable<Timestamptz>, _>(schedule.due_at)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, NAME_TAKEN))
}

/// Deletes it, and what is known of its ticks. Its jobs stay.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut TenantTx, id: ScheduleId) -> Result<(), StoreError> {
    let deleted = sql_query("DELETE FROM schedules WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if deleted == 0 {
        return Err(StoreError::NotFound { what: "schedule" });
    }
    Ok(())
}
