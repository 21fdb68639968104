use super::FiringOutcome;
use crate::prepared::Prepare;
use crate::{JobId, ScheduleId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// Firings that are kept of a schedule: the latest.
const KEPT: i64 = 100;

/// What became of a tick, or of several that were missed.
#[derive(Clone, Debug, QueryableByName)]
pub struct Firing {
    #[diesel(sql_type = Timestamptz)]
    pub tick: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub outcome: FiringOutcome,
    /// Of missed ticks: the last of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_tick: Option<DateTime<Utc>>,
    /// The job it made.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub job_id: Option<JobId>,
    /// The job that had not ended.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub blocked_by: Option<JobId>,
    #[diesel(sql_type = Timestamptz)]
    pub decided_at: DateTime<Utc>,
}

const COLUMNS: &str = "tick, outcome, last_tick, job_id, blocked_by, decided_at";

/// What is to become of a tick.
#[derive(Clone, Copy, Debug)]
pub enum Decision {
    /// This job, created in the same transaction.
    Fire { outcome: FiringOutcome, job: JobId },
    /// Nothing: that job of the schedule has not ended.
    Skip { blocked_by: JobId },
    /// Nothing, nor of those after it up to `last_tick`.
    Miss { last_tick: DateTime<Utc> },
}

/// Writes down what becomes of a tick, unless that was decided before. Returns whether it was written: if not, there is nothing to do.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn record(
    tx: &mut TenantTx,
    schedule: ScheduleId,
    tick: DateTime<Utc>,
    decision: Decision,
) -> Result<bool, StoreError> {
    let (outcome, last_tick, job, blocked_by) = match decision {
        Decision::Fire { outcome, job } => (outcome, None, Some(job), None),
        Decision::Skip { blocked_by } => (FiringOutcome::SkippedOverlap, None, None, Some(blocked_by)),
        Decision::Miss { last_tick } => (FiringOutcome::Missed, Some(last_tick), None, None),
    };
    let written = sql_query(
        "INSERT INTO schedule_firings (tenant_id, schedule_id, tick, outcome, last_tick, job_id, blocked_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, schedule_id, tick) DO NOTHING",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule)
    .bind::<Timestamptz, _>(tick)
    .bind::<Text, _>(outcome)
    .bind::<Nullable<Timestamptz>, _>(last_tick)
    .bind::<Nullable<Uuid>, _>(job)
    .bind::<Nullable<Uuid>, _>(blocked_by)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(written == 1)
}

/// The latest firings, newest first, those without a job included.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_firings(tx: &mut TenantTx, schedule: ScheduleId, limit: i64) -> Result<Vec<Firing>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM schedule_firings WHERE tenant_id = $1 AND schedule_id = $2 ORDER BY tick DESC LIMIT $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// The latest firing that made a job, among those that are kept.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn last_fired(tx: &mut TenantTx, schedule: ScheduleId) -> Result<Option<Firing>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM schedule_firings WHERE tenant_id = $1 AND schedule_id = $2 AND job_id IS NOT NULL ORDER BY tick DESC LIMIT 1"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// Deletes all firings but the latest 100.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn trim_firings(tx: &mut TenantTx, schedule: ScheduleId) -> Result<(), StoreError> {
    sql_query(
        "DELETE FROM schedule_firings WHERE tenant_id = $1 AND schedule_id = $2 AND tick <= (
             SELECT tick FROM schedule_firings WHERE tenant_id = $1 AND schedule_id = $2 ORDER BY tick DESC OFFSET $3 LIMIT 1)
             AND tick IS DISTINCT FROM (
             SELECT max(tick) FROM schedule_firings WHERE tenant_id = $1 AND schedule_id = $2 AND job_id IS NOT NULL)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule)
    .bind::<BigInt, _>(KEPT)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Unended {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// A job of the schedule that has not ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn unended_job(tx: &mut TenantTx, schedule: ScheduleId) -> Result<Option<JobId>, StoreError> {
    let row: Option<Unended> = sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND schedule_id = $2 AND state NOT IN ('succeeded', 'dead', 'cancelled')
         ORDER BY id LIMIT 1",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(schedule)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(row.map(|row| row.id))
}
