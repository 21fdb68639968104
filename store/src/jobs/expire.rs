use super::{Dispatchable, JobState};
use crate::batches::COUNTED;
use crate::effects::{DECIDE, IS_UNKNOWN};
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{StoreError, System};
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

/// A job whose worker fell silent.
#[derive(Clone, Debug, QueryableByName)]
pub struct ExpiredJob {
    #[diesel(embed)]
    pub job: Dispatchable,
    /// Queued again, or dead when its attempts are spent, or cancelled when that was asked.
    #[diesel(sql_type = Text)]
    pub state: JobState,
    /// Of a dead one, the code of its error.
    #[diesel(sql_type = Nullable<Text>)]
    pub dead_of: Option<String>,
    /// Workers that it has lost in this run, this one among them.
    #[diesel(sql_type = BigInt)]
    pub lost: i64,
}

/// Takes up to `limit` jobs from workers whose lease has expired. They are queued again without delay: a lost worker is no
/// fault of the job, until the job has lost all its workers. One that ends here, and whose worker was lost during a call, is dead as `effect_unknown`: no
/// attempt will find out what came of it.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_leases(system: &System, limit: i64) -> Result<Vec<ExpiredJob>, StoreError> {
    let error = json!({
        "code": "worker_lost",
        "message": "The worker that ran this job stopped responding before it finished.",
        "retryable": true,
    });
    let unknown = json!({
        "code": "effect_unknown",
        "message": format!("The worker that ran this job stopped responding during a call, and what came of that is not known. {DECIDE}"),
        "retryable": false,
    });
    let mut retries = system.retries();
    loop {
        match expire(system, limit, &error, &unknown).await {
            Err(StoreError::Query(error)) if retries.after_change(&error) => {}
            expired => return expired,
        }
    }
}

async fn expire(system: &System, limit: i64, error: &Value, unknown: &Value) -> Result<Vec<ExpiredJob>, StoreError> {
    let mut tx = system.begin_in_one_snapshot(Durability::Durable).await?;
    let expired = sql_query(format!(
        "WITH lost AS (
             SELECT id, tenant_id, cancel_requested, attempt >= max_attempts AS spent
             FROM jobs WHERE state = 'running' AND lease_until < now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
         ), judged AS (
             SELECT j.id, (j.cancel_requested OR j.spent) AND {IS_UNKNOWN} AS unknown, j.cancel_requested, j.spent FROM lost j
         ), verdict AS (
             SELECT id, unknown, CASE WHEN unknown THEN 'dead' WHEN cancel_requested THEN 'cancelled' WHEN spent THEN 'dead' ELSE 'queued' END AS next FROM judged
         ), ended AS (
             UPDATE jobs j SET state = l.next, lease_token = NULL, lease_until = NULL, dispatch_epoch = NULL, dispatched_at = NULL, forced = false,
                    revision = revision + 1, finished_at = CASE WHEN l.next <> 'queued' THEN now() END
             FROM verdict l WHERE j.id = l.id RETURNING j.*, NULL::jsonb AS result, CASE WHEN l.unknown THEN $3::jsonb ELSE $2::jsonb END AS error
         ), attempt AS (
             INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome, error)
             SELECT tenant_id, id, run, attempt, worker, attempt_started_at, now(), 'lost', error FROM ended
         ), body AS (
             UPDATE job_bodies b SET error = e.error FROM ended e WHERE b.tenant_id = e.tenant_id AND b.job_id = e.id
         ), {COUNTED}, {TELL_WEBHOOKS}
         SELECT e.id, e.tenant_id, e.pool, e.priority, e.state, e.kind, e.knowledge_base_ids, CASE WHEN e.state = 'dead' THEN e.error ->> 'code' END AS dead_of,
                1 + (SELECT count(*) FROM job_attempts a WHERE a.tenant_id = e.tenant_id AND a.job_id = e.id AND a.run = e.run AND a.outcome = 'lost') AS lost
         FROM ended e",
    ))
    .bind::<BigInt, _>(limit)
    .bind::<Jsonb, _>(error)
    .bind::<Jsonb, _>(unknown)
    .prepared().load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(expired)
}
