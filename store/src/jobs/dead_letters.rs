use super::prefer_indexes;
use crate::effects::IS_UNKNOWN;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{DocumentId, JobId, StoreError, System, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// Which dead jobs, of those that were not discarded.
#[derive(Clone, Debug, Default)]
pub struct DeadFilter {
    pub kind: Option<String>,
    /// `error.code`, such as `worker_lost` (a job that loses the worker of its last attempt) or `effect_unknown`.
    pub error_code: Option<String>,
    pub failed_after: Option<DateTime<Utc>>,
    pub failed_before: Option<DateTime<Utc>>,
    /// Only these, where any are named.
    pub ids: Vec<JobId>,
    /// Only jobs with smaller ids: where the previous page ended.
    pub before: Option<JobId>,
    pub limit: i64,
}

/// A job that failed for good, with what has to be known before it is replayed.
#[derive(Clone, Debug, QueryableByName)]
pub struct DeadLetter {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub pool: String,
    #[diesel(sql_type = SmallInt)]
    pub attempt: i16,
    /// The document that it is about, if it is about one.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub error: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub failed_at: DateTime<Utc>,
    /// `[{step, state, calls}]`: calls that are done are not made again, failed ones are, and unknown ones need a decision.
    #[diesel(sql_type = Jsonb)]
    pub effects: Value,
}

/// The dead jobs that match, newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn dead_letters(tx: &mut TenantTx, filter: &DeadFilter) -> Result<Vec<DeadLetter>, StoreError> {
    let ids = (!filter.ids.is_empty()).then_some(&filter.ids);
    Ok(sql_query(
        "SELECT j.id, j.kind, j.pool, j.attempt, j.document_id, b.error, j.created_at, j.finished_at AS failed_at,
                coalesce((SELECT jsonb_agg(jsonb_build_object('step', e.step, 'state', e.state, 'calls', e.calls) ORDER BY e.intended_at)
                          FROM effects e WHERE e.tenant_id = j.tenant_id AND e.job_id = j.id), '[]') AS effects
         FROM jobs j JOIN job_bodies b ON b.tenant_id = j.tenant_id AND b.job_id = j.id
         WHERE j.tenant_id = $1 AND j.state = 'dead' AND j.discarded_at IS NULL
           AND ($2 IS NULL OR j.kind = $2) AND ($3 IS NULL OR b.error ->> 'code' = $3)
           AND ($4 IS NULL OR j.finished_at > $4) AND ($5 IS NULL OR j.finished_at < $5)
           AND ($6 IS NULL OR j.id = ANY($6)) AND ($7 IS NULL OR j.id < $7)
         ORDER BY j.id DESC LIMIT $8",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Text>, _>(filter.kind.as_deref())
    .bind::<Nullable<Text>, _>(filter.error_code.as_deref())
    .bind::<Nullable<Timestamptz>, _>(filter.failed_after)
    .bind::<Nullable<Timestamptz>, _>(filter.failed_before)
    .bind::<Nullable<Array<Uuid>>, _>(ids)
    .bind::<Nullable<Uuid>, _>(filter.before)
    .bind::<BigInt, _>(filter.limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Locks those of the jobs that are dead, by id: two who do something to the same ones then wait for each other once, and never in a circle. Returns them.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn lock_dead(tx: &mut TenantTx, ids: &[JobId]) -> Result<Vec<JobId>, StoreError> {
    let locked: Vec<Id> = sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND id = ANY($2) AND state = 'dead' ORDER BY id FOR UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(locked.into_iter().map(|row| row.id).collect())
}

/// The jobs in the order of their unique keys, as whoever takes several takes them; those without one first, the newest before the others.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn in_order_of_keys(tx: &mut TenantTx, ids: &[JobId]) -> Result<Vec<JobId>, StoreError> {
    // By their bytes, as programs compare them, whatever the language of the database.
    let ordered: Vec<Id> = sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND id = ANY($2) ORDER BY unique_key COLLATE \"C\" NULLS FIRST, id DESC",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(ids)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(ordered.into_iter().map(|row| row.id).collect())
}

/// Puts dead jobs out of sight for good; returns those that were. Their rows go with their week.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn discard(tx: &mut TenantTx, ids: &[JobId], reason: &str) -> Result<Vec<JobId>, StoreError> {
    // An update alone locks in the order of whichever index it takes.
    let locked = lock_dead(tx, ids).await?;
    let discarded: Vec<Id> = sql_query(
        "UPDATE jobs SET discarded_at = now(), discard_reason = $3, revision = revision + 1
         WHERE tenant_id = $1 AND id = ANY($2) AND state = 'dead' AND discarded_at IS NULL RETURNING id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(&locked)
    .bind::<Text, _>(reason)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(discarded.into_iter().map(|row| row.id).collect())
}

/// Discards up to `limit` dead jobs, of all tenants, that nobody has replayed or discarded for so many days; returns how many there were. Left are deletions that have
/// not erased what they were for, which would stay hidden for ever, and those with a call of which nobody knows what came: a person has to look at them.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_dead(system: &System, days: i32, limit: i64) -> Result<usize, StoreError> {
    // What a crash forgets is done again a minute later.
    let mut tx = system.begin(Durability::Relaxed).await?;
    prefer_indexes(&mut tx).await?;
    let given_up = sql_query(format!(
        "UPDATE jobs SET discarded_at = now(), revision = revision + 1,
                discard_reason = 'Nobody replayed or discarded it within ' || $1::text || ' days.'
         WHERE id = ANY(ARRAY(
             SELECT j.id FROM jobs j WHERE j.state = 'dead' AND j.discarded_at IS NULL AND j.finished_at < now() - $1 * interval '1 day'
                AND NOT EXISTS (SELECT FROM deletions d WHERE d.tenant_id = j.tenant_id AND d.id = j.id AND d.erased_at IS NULL)
                AND NOT {IS_UNKNOWN}
             ORDER BY j.finished_at LIMIT $2 FOR UPDATE OF j SKIP LOCKED))"
    ))
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(limit)
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(given_up)
}
