use super::{CatchUp, Overlap};
use crate::prepared::Prepare;
use crate::{ApiKeyId, ScheduleId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// What is submitted again and again, and when.
#[derive(Clone, Debug, QueryableByName)]
pub struct Schedule {
    #[diesel(sql_type = Uuid)]
    pub id: ScheduleId,
    /// Unique within the tenant.
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub cron: String,
    /// Of the IANA database.
    #[diesel(sql_type = Text)]
    pub time_zone: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
    /// 0 runs first, 2 last; 1 when `None`.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub priority: Option<i16>,
    /// The kind's own number when `None`.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub max_attempts: Option<i16>,
    #[diesel(sql_type = Integer)]
    pub jitter_secs: i32,
    #[diesel(sql_type = Text)]
    pub catch_up: CatchUp,
    #[diesel(sql_type = Text)]
    pub overlap: Overlap,
    #[diesel(sql_type = Bool)]
    pub enabled: bool,
    /// The first tick that has not been decided about; `None` while disabled.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_tick: Option<DateTime<Utc>>,
    /// When it fires: jitter later.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub due_at: Option<DateTime<Utc>>,
    /// Why it cannot fire as it is.
    #[diesel(sql_type = Nullable<Text>)]
    pub refusal: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub refused_since: Option<DateTime<Utc>>,
    /// The key that its jobs belong to.
    #[diesel(sql_type = Uuid)]
    pub created_by: ApiKeyId,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

/// The columns of [`Schedule`].
pub(super) const COLUMNS: &str =
    "id, name, cron, time_zone, kind, payload, priority, max_attempts, jitter_secs, catch_up, overlap, enabled,
    next_tick, due_at, refusal, refused_since, created_by, created_at, updated_at";

/// # Errors
/// [`StoreError::NotFound`], also for another tenant's schedule.
pub async fn find(tx: &mut TenantTx, id: ScheduleId) -> Result<Schedule, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM schedules WHERE tenant_id = $1 AND id = $2"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "schedule"))
}

/// [`find`], and nobody else fires or changes it until the transaction ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &mut TenantTx, id: ScheduleId) -> Result<Schedule, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM schedules WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "schedule"))
}

/// The newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx, before: Option<ScheduleId>, limit: i64) -> Result<Vec<Schedule>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM schedules WHERE tenant_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

#[derive(QueryableByName)]
struct Clock {
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

/// What the database's clock showed when the transaction began.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn now(tx: &mut TenantTx) -> Result<DateTime<Utc>, StoreError> {
    let clock: Clock = sql_query("SELECT now() AS now")
        .prepared()
        .get_result(&mut tx.conn)
        .await?;
    Ok(clock.now)
}
