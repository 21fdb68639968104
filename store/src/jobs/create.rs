use crate::prepared::Prepare;
use crate::{ApiKeyId, BatchId, DocumentId, JobId, KnowledgeBaseId, ScheduleId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// A job to be inserted in the caller's transaction.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub id: JobId,
    pub pool: &'static str,
    pub kind: &'static str,
    pub payload_version: i16,
    pub interactive: bool,
    /// 0 runs first, 2 last.
    pub priority: i16,
    /// Not before this instant by the database's clock; now when `None`.
    pub run_at: Option<DateTime<Utc>>,
    pub max_attempts: i16,
    /// The batch that counts it.
    pub parent_id: Option<BatchId>,
    /// It follows the batch of its own id, and is not due before that has ended.
    pub awaits_batch: bool,
    pub document_id: Option<DocumentId>,
    /// The bases whose replicas it needs: it runs where they are open.
    pub knowledge_base_ids: Vec<KnowledgeBaseId>,
    pub created_by: Option<ApiKeyId>,
    /// W3C `traceparent` of the request.
    pub trace_context: Option<String>,
    /// Held already, by [`lock_unique_key`](super::lock_unique_key).
    pub unique_key: Option<String>,
    pub schedule: Option<ScheduledBy>,
    pub payload: Value,
}

/// Which schedule made a job, and for which of its ticks.
#[derive(Clone, Copy, Debug)]
pub struct ScheduledBy {
    pub schedule: ScheduleId,
    pub tick: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Created {
    #[diesel(sql_type = Bool)]
    due: bool,
}

/// Inserts the job; it exists when `tx` commits, and not otherwise. One whose time has passed is due since now: it has not waited longer. Returns whether it is due already: then the caller pushes it after the
/// commit, and nobody else does for a while.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn create(tx: &mut TenantTx, new: NewJob) -> Result<bool, StoreError> {
    let created: Created = sql_query(
        "WITH job AS (
             INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts,
                               document_id, created_by, trace_context, unique_key, schedule_id, schedule_tick, parent_id, awaits_batch,
                               knowledge_base_ids, dispatched_at)
             VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $18 OR $7 > now() THEN 'scheduled' ELSE 'queued' END, $8, greatest($7, now()), $9,
                     $10, $11, $12, $14, $15, $16, $17, $18, $19, CASE WHEN $18 OR $7 > now() THEN NULL ELSE now() END)
             RETURNING state
         ), body AS (
             INSERT INTO job_bodies (tenant_id, job_id, payload) VALUES ($2, $1, $13)
         )
         SELECT state = 'queued' AS due FROM job",
    )
    .bind::<Uuid, _>(new.id)
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(new.pool)
    .bind::<Text, _>(new.kind)
    .bind::<SmallInt, _>(new.payload_version)
    .bind::<Bool, _>(new.interactive)
    .bind::<Nullable<Timestamptz>, _>(new.run_at)
    .bind::<SmallInt, _>(new.priority)
    .bind::<SmallInt, _>(new.max_attempts)
    .bind::<Nullable<Uuid>, _>(new.document_id)
    .bind::<Nullable<Uuid>, _>(new.created_by)
    .bind::<Nullable<Text>, _>(new.trace_context)
    .bind::<Jsonb, _>(new.payload)
    .bind::<Nullable<Text>, _>(new.unique_key)
    .bind::<Nullable<Uuid>, _>(new.schedule.map(|by| by.schedule))
    .bind::<Nullable<Timestamptz>, _>(new.schedule.map(|by| by.tick))
    .bind::<Nullable<Uuid>, _>(new.parent_id)
    .bind::<Bool, _>(new.awaits_batch)
    .bind::<Array<Uuid>, _>(new.knowledge_base_ids)
    .prepared().get_result(&mut tx.conn)
    .await?;
    Ok(created.due)
}
