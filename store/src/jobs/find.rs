use super::attempts::{attempts, known_to};
use super::{Attempt, JobState};
use crate::connection::Connection;
use crate::prepared::Prepare;
use crate::{ApiKeyId, BatchId, DocumentId, JobId, ScheduleId, StoreError, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// A job as its tenant sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Job {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = Bool)]
    pub interactive: bool,
    #[diesel(sql_type = Text)]
    pub state: JobState,
    #[diesel(sql_type = SmallInt)]
    pub priority: i16,
    #[diesel(sql_type = Timestamptz)]
    pub run_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    pub run: i32,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    #[diesel(sql_type = SmallInt)]
    pub max_attempts: i16,
    #[diesel(sql_type = Nullable<Text>)]
    pub worker: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub attempt_started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub parent_id: Option<BatchId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub created_by: Option<ApiKeyId>,
    /// The schedule that made it, and for which tick.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub schedule_id: Option<ScheduleId>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub schedule_tick: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub progress: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub result: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub error: Option<Value>,
    /// Whether its worker was told to stop, or it was cancelled.
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
    /// Millionths of a US dollar that its calls have cost so far.
    #[diesel(sql_type = BigInt)]
    pub cost_microusd: i64,
    #[diesel(sql_type = Integer)]
    pub revision: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
    /// When a person gave a dead job up, and why.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub discarded_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub discard_reason: Option<String>,
}

const SELECT: &str = "SELECT j.id, j.kind, j.pool, j.interactive, j.state, j.priority, j.run_at, j.run, j.attempt, j.max_attempts, j.worker,
        j.attempt_started_at, j.parent_id, j.document_id, j.created_by, j.schedule_id, j.schedule_tick, j.progress, b.result, b.error, j.cancel_requested, j.cost_microusd, j.revision,
        j.created_at, j.started_at, j.finished_at, j.discarded_at, j.discard_reason
    FROM jobs j JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id";

/// # Errors
/// [`StoreError::NotFound`], also for another tenant's job.
pub async fn find(tx: &mut TenantTx, id: JobId) -> Result<Job, StoreError> {
    job(&tx.conn, tx.tenant, id).await
}

/// A job and the attempts at it that had ended when it was read, oldest first, in one round trip.
///
/// # Errors
/// As [`find`].
pub async fn find_with_attempts(tx: &mut TenantTx, id: JobId) -> Result<(Job, Vec<Attempt>), StoreError> {
    let ids = [id];
    // Both are waited for, whatever comes of the first: an answer that nobody waits for costs the connection.
    let (job, attempts) = futures::join!(job(&tx.conn, tx.tenant, id), attempts(&tx.conn, tx.tenant, &ids));
    let job = job?;
    let attempts = known_to(std::slice::from_ref(&job), attempts?);
    Ok((job, attempts))
}

async fn job(mut conn: &Connection, tenant: TenantId, id: JobId) -> Result<Job, StoreError> {
    sql_query(format!(
        "{SELECT} WHERE j.tenant_id = $1 AND j.id = $2 AND b.job_id = $2"
    ))
    .bind::<Uuid, _>(tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "job"))
}

#[derive(QueryableByName)]
struct Asked {
    #[diesel(sql_type = Jsonb)]
    payload: Value,
}

/// What a job was asked to do, as it is stored.
///
/// # Errors
/// As [`find`].
pub async fn payload(tx: &mut TenantTx, id: JobId) -> Result<Value, StoreError> {
    let asked: Asked = sql_query("SELECT payload FROM job_bodies WHERE tenant_id = $1 AND job_id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "job"))?;
    Ok(asked.payload)
}

/// Those of `ids` that exist, in no particular order.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn find_many(tx: &mut TenantTx, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
    let sql = format!("{SELECT} WHERE j.tenant_id = $1 AND j.id = ANY($2) AND b.job_id = ANY($2)");
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub state: Option<JobState>,
    pub kind: Option<String>,
    pub pool: Option<String>,
    /// Only jobs of this batch.
    pub parent_id: Option<BatchId>,
    /// Only jobs that this schedule made.
    pub schedule_id: Option<ScheduleId>,
    /// Only jobs of this document.
    pub document_id: Option<DocumentId>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
    /// Only jobs with smaller ids: where the previous page ended.
    pub before: Option<JobId>,
    pub limit: i64,
}

/// The newest jobs first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
    // Said as the index of them says it, or the tenant's whole history would be read for a state that few are in.
    let unended = match filter.state {
        Some(state) if !state.has_ended() => "AND j.state NOT IN ('succeeded', 'dead', 'cancelled')",
        _ => "",
    };
    let sql = format!(
        "{SELECT} WHERE j.tenant_id = $1 {unended}
           AND ($2 IS NULL OR j.state = $2) AND ($3 IS NULL OR j.kind = $3) AND ($4 IS NULL OR j.pool = $4)
           AND ($5 IS NULL OR j.created_at > $5) AND ($6 IS NULL OR j.id < $6)
           AND ($8 IS NULL OR j.parent_id = $8) AND ($9 IS NULL OR j.schedule_id = $9) AND ($10 IS NULL OR j.document_id = $10)
           AND ($11 IS NULL OR j.created_at < $11)
         ORDER BY j.id DESC LIMIT $7"
    );
    Ok(sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Nullable<Text>, _>(filter.state)
        .bind::<Nullable<Text>, _>(filter.kind.as_deref())
        .bind::<Nullable<Text>, _>(filter.pool.as_deref())
        .bind::<Nullable<Timestamptz>, _>(filter.created_after)
        .bind::<Nullable<Uuid>, _>(filter.before)
        .bind::<BigInt, _>(filter.limit)
        .bind::<Nullable<Uuid>, _>(filter.parent_id)
        .bind::<Nullable<Uuid>, _>(filter.schedule_id)
        .bind::<Nullable<Uuid>, _>(filter.document_id)
        .bind::<Nullable<Timestamptz>, _>(filter.created_before)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}
