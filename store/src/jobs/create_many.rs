use super::NewJob;
use crate::prepared::Prepare;
use crate::{JobId, KnowledgeBaseId, StoreError, TenantTx};
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// [`create`](fn@super::create) for many jobs, none of which awaits a batch, in one statement. Returns those that are due already.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn create_many(tx: &mut TenantTx, new: &[NewJob]) -> Result<Vec<JobId>, StoreError> {
    let due: Vec<Due> = sql_query(
        "WITH given AS MATERIALIZED (
             SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int2[], $6::bool[], $7::int2[], $8::timestamptz[], $9::int2[],
                                 $10::uuid[], $11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::uuid[], $16::timestamptz[], $17::jsonb[], $18::text[])
                AS g (id, pool, kind, payload_version, interactive, priority, run_at, max_attempts,
                      parent_id, document_id, created_by, trace_context, unique_key, schedule_id, schedule_tick, payload, knowledge_base_ids)
         ), job AS (
             INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts,
                               parent_id, document_id, created_by, trace_context, unique_key, schedule_id, schedule_tick, knowledge_base_ids,
                               dispatched_at)
             SELECT id, $1, pool, kind, payload_version, interactive, CASE WHEN run_at > now() THEN 'scheduled' ELSE 'queued' END, priority,
                    greatest(run_at, now()), max_attempts, parent_id, document_id, created_by, trace_context, unique_key,
                    schedule_id, schedule_tick, knowledge_base_ids::uuid[], CASE WHEN run_at > now() THEN NULL ELSE now() END
             FROM given
             RETURNING id, state
         ), body AS (
             INSERT INTO job_bodies (tenant_id, job_id, payload) SELECT $1, id, payload FROM given
         )
         SELECT id FROM job WHERE state = 'queued'",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(new.iter().map(|job| job.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|job| job.pool).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|job| job.kind).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(new.iter().map(|job| job.payload_version).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(new.iter().map(|job| job.interactive).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(new.iter().map(|job| job.priority).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(new.iter().map(|job| job.run_at).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(new.iter().map(|job| job.max_attempts).collect::<Vec<_>>())
    .bind::<Array<Nullable<Uuid>>, _>(new.iter().map(|job| job.parent_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Uuid>>, _>(new.iter().map(|job| job.document_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Uuid>>, _>(new.iter().map(|job| job.created_by).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|job| job.trace_context.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|job| job.unique_key.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Uuid>>, _>(
        new.iter()
            .map(|job| job.schedule.map(|by| by.schedule))
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Timestamptz>>, _>(
        new.iter()
            .map(|job| job.schedule.map(|by| by.tick))
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Jsonb>, _>(new.iter().map(|job| &job.payload).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|job| array(&job.knowledge_base_ids)).collect::<Vec<_>>())
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(due.into_iter().map(|row| row.id).collect())
}

/// As PostgreSQL writes an array: `unnest` takes none of arrays of several lengths.
fn array(ids: &[KnowledgeBaseId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}
