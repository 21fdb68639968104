use super::Dispatchable;
use crate::connect::PooledConnection;
use crate::pauses::IS_PAUSED;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{ApiKeyId, BatchId, DocumentId, JobId, StoreError, System, TenantId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::ops::RangeInclusive;

/// A job that this process holds the lease of, with what is needed to run it.
#[derive(Clone, Debug, QueryableByName)]
pub struct ClaimedJob {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = SmallInt)]
    pub payload_version: i16,
    /// Somebody waits for it.
    #[diesel(sql_type = Bool)]
    pub interactive: bool,
    #[diesel(sql_type = Integer)]
    pub run: i32,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    #[diesel(sql_type = SmallInt)]
    pub max_attempts: i16,
    /// Whatever is written for this job is written under this token, or not at all.
    #[diesel(sql_type = Uuid)]
    pub lease_token: uuid::Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    pub trace_context: Option<String>,
    /// The batch that counts it.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub parent_id: Option<BatchId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub created_by: Option<ApiKeyId>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// For how long it has been put off, where it was.
    #[diesel(sql_type = Nullable<Double>)]
    pub snoozed_secs: Option<f64>,
    /// And for what: `rate_limit`, `budget`, `not_configured` or `unknown_kind`.
    #[diesel(sql_type = Nullable<Text>)]
    pub snoozed_for: Option<String>,
    /// When this attempt began, by the database's clock.
    #[diesel(sql_type = Timestamptz)]
    pub attempt_started_at: DateTime<Utc>,
    /// What earlier attempts wrote down of the job's steps.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub steps: Option<Value>,
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
}

/// Takes the lease of those `ids` that may run now: compare-and-set on the state, with the attempt counted at its start, which is
/// what stops a job that kills its worker from running for ever. Ids that do not come back are not ours to run.
///
/// It does not wait for the disk. What a job then writes, an effect's intent among it, is on disk only with its claim before it; a crash of
/// Postgres may forget a claim of the last moments, and the attempt it counted, and whoever held it finds its lease lost.
///
/// # Errors
/// [`StoreError`]; nothing has been claimed then, or [`claimed_as`] has it.
pub async fn claim(
    system: &System,
    ids: &[JobId],
    worker: &str,
    lease_token: uuid::Uuid,
    lease_ms: i64,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    let range = smallest..=largest;
    let mut retries = system.retries();
    let mut tried = false;
    loop {
        let mut conn = system.checkout().await?;
        match claim_on(&mut conn, ids, &range, worker, lease_token, lease_ms).await {
            Err(error) if retries.after_closed(&error) => tried = true,
            Err(error) if retries.after_change(&error) => {}
            Err(error) => return Err(error.into()),
            // The connection may have closed after the claim.
            Ok(_) if tried => {
                drop(conn);
                return claimed_as(system, ids, lease_token, lease_ms).await;
            }
            Ok(claimed) => return Ok(claimed),
        }
    }
}

/// `OFFSET 0` keeps the planner from joining the bodies otherwise than one by one: it would look in the bodies of each tenant for all of the batch.
const WITH_BODIES: &str = "
    SELECT c.id, c.tenant_id, c.kind, c.payload_version, c.interactive, c.run, c.attempt, c.max_attempts, c.lease_token, c.trace_context,
           c.parent_id, c.document_id, c.created_by, c.created_at,
           extract(epoch FROM now() - (c.snooze ->> 'since')::timestamptz)::float8 AS snoozed_secs, c.snooze ->> 'reason' AS snoozed_for, c.attempt_started_at, b.steps, b.payload
    FROM claimed c CROSS JOIN LATERAL (
        SELECT b.steps, b.payload FROM job_bodies b
        WHERE b.tenant_id = c.tenant_id AND b.job_id = c.id AND b.job_id BETWEEN $2 AND $3 OFFSET 0
    ) b";

/// One statement, and so one round trip: it is a transaction by itself. That its commit does not wait for the disk is settled inside it.
async fn claim_on(
    conn: &mut PooledConnection,
    ids: &[JobId],
    range: &RangeInclusive<&JobId>,
    worker: &str,
    lease_token: uuid::Uuid,
    lease_ms: i64,
) -> QueryResult<Vec<ClaimedJob>> {
    sql_query(format!(
        "WITH ready AS (
             SELECT id FROM jobs j
             WHERE id = ANY($1) AND id BETWEEN $2 AND $3 AND state IN ('queued', 'scheduled', 'retryable') AND run_at <= now() AND NOT awaits_batch
               AND (SELECT set_config('synchronous_commit', 'off', true)) IS NOT NULL
               AND NOT {IS_PAUSED}
             ORDER BY id FOR UPDATE SKIP LOCKED
         ), claimed AS (
             UPDATE jobs j SET state = 'running', attempt = attempt + 1, lease_token = $4,
                    lease_until = now() + $5 * interval '1 millisecond', worker = $6, attempt_started_at = clock_timestamp(),
                    started_at = coalesce(started_at, clock_timestamp()), revision = revision + 1
             WHERE j.id = ANY(ARRAY(SELECT id FROM ready)) AND j.id BETWEEN $2 AND $3
             RETURNING j.*
         ) {WITH_BODIES}",
    ))
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Uuid, _>(**range.start())
    .bind::<Uuid, _>(**range.end())
    .bind::<Uuid, _>(lease_token)
    .bind::<BigInt, _>(lease_ms)
    .bind::<Text, _>(worker)
    .prepared()
    .load(conn)
    .await
}

/// What a [`claim`] under this token got whose answer was lost, with its leases renewed. A claim that is still under way is not waited for.
///
/// # Errors
/// [`StoreError`]; the leases will expire then.
pub async fn claimed_as(
    system: &System,
    ids: &[JobId],
    lease_token: uuid::Uuid,
    lease_ms: i64,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    let mut retries = system.retries();
    loop {
        match renew_claimed(system, ids, &(smallest..=largest), lease_token, lease_ms).await {
            Err(StoreError::Query(error)) if retries.after_change(&error) => {}
            claimed => return claimed,
        }
    }
}

async fn renew_claimed(
    system: &System,
    ids: &[JobId],
    range: &RangeInclusive<&JobId>,
    lease_token: uuid::Uuid,
    lease_ms: i64,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let mut tx = system.begin_in_one_snapshot(Durability::Relaxed).await?;
    let claimed = sql_query(format!(
        "WITH claimed AS (
             UPDATE jobs j SET lease_until = now() + $5 * interval '1 millisecond'
             WHERE j.id = ANY($1) AND j.id BETWEEN $2 AND $3 AND j.state = 'running' AND j.lease_token = $4
             RETURNING j.*
         ) {WITH_BODIES}",
    ))
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Uuid, _>(**range.start())
    .bind::<Uuid, _>(**range.end())
    .bind::<Uuid, _>(lease_token)
    .bind::<BigInt, _>(lease_ms)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Those of `ids` that could run but were locked by another transaction while [`claim`] looked: they go back to the dispatch index. Paused
/// ones do not: the reconciler offers them when the pause is over.
///
/// # Errors
/// [`StoreError`].
pub async fn still_queued(system: &System, ids: &[JobId]) -> Result<Vec<Dispatchable>, StoreError> {
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    let mut tx = system.begin(Durability::Durable).await?;
    let queued = sql_query(format!(
        "SELECT id, tenant_id, pool, priority, kind, knowledge_base_ids FROM jobs j
         WHERE id = ANY($1) AND id BETWEEN $2 AND $3 AND state IN ('queued', 'scheduled', 'retryable') AND run_at <= now() AND NOT awaits_batch
           AND NOT {IS_PAUSED}",
    ))
    .bind::<Array<Uuid>, _>(ids)
    .bind::<Uuid, _>(*smallest)
    .bind::<Uuid, _>(*largest)
    .prepared().load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(queued)
}
