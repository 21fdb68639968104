use super::{Dispatchable, JobState};
use crate::batches::COUNTED;
use crate::effects::{DECIDE, IS_UNKNOWN};
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{StoreError, System};
use diesel::sql_types::{BigInt, Bool, Double, Jsonb, Nullable, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use std::time::Duration;

/// What an attempt says that ended with its lease while the database was away.
const AWAY_CODE: &str = "database_away";

/// So often a run is given an attempt back that ended so: a job that itself brings the database down must end too.
const EXCUSED_MAX: i32 = 3;

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
    /// Its lease ended while the database was away: the attempt does not count, and its worker is not lost.
    #[diesel(sql_type = Bool)]
    pub excused: bool,
    /// Workers that it has lost in this run, this one among them unless it is excused.
    #[diesel(sql_type = BigInt)]
    pub lost: i64,
}

/// What is written down of those whose leases have expired.
struct Errors {
    lost: Value,
    unknown: Value,
    away: Value,
}

impl Errors {
    fn new() -> Self {
        Self {
            lost: json!({
                "code": "worker_lost",
                "message": "The worker that ran this job stopped responding, or could not reach the database, before it finished.",
                "retryable": true,
            }),
            unknown: json!({
                "code": "effect_unknown",
                "message": format!("The worker that ran this job stopped responding during a call, and what came of that is not known. {DECIDE}"),
                "retryable": false,
            }),
            away: json!({
                "code": AWAY_CODE,
                "message": "The database could not be reached until the lease of this attempt was over: the attempt was stopped, and does not count.",
                "retryable": true,
            }),
        }
    }
}

/// Takes up to `limit` jobs from workers whose lease has expired. They are queued again without delay: a lost worker is no
/// fault of the job, until the job has lost all its workers. One that ends here, and whose worker was lost during a call, is dead as `effect_unknown`: no
/// attempt will find out what came of it.
///
/// `away`: for how long, until now, the database has not answered whoever asks. No lease could be renewed meanwhile, and workers have stopped what they ran: an attempt
/// whose lease ended within that time is handed back and does not count, up to three times a run.
///
/// # Errors
/// [`StoreError`].
pub async fn expire_leases(system: &System, limit: i64, away: Duration) -> Result<Vec<ExpiredJob>, StoreError> {
    let errors = Errors::new();
    let mut retries = system.retries();
    loop {
        match expire(system, limit, away, &errors).await {
            Err(StoreError::Query(error)) if retries.after_change(&error) => {}
            expired => return expired,
        }
    }
}

async fn expire(system: &System, limit: i64, away: Duration, errors: &Errors) -> Result<Vec<ExpiredJob>, StoreError> {
    let mut tx = system.begin_in_one_snapshot(Durability::Durable).await?;
    let expired = sql_query(format!(
        "WITH lost AS (
             SELECT id, tenant_id, run, cancel_requested, attempt >= max_attempts AS spent, $4 > 0 AND lease_until >= now() - $4 * interval '1 second' AS unanswered
             FROM jobs WHERE state = 'running' AND lease_until < now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
         ), pardoned AS (
             SELECT l.id, l.tenant_id, l.cancel_requested, l.spent, l.unanswered AND NOT l.cancel_requested AND {EXCUSED_MAX} > (
                 SELECT count(*) FROM job_attempts a WHERE a.tenant_id = l.tenant_id AND a.job_id = ANY(array_append('{{}}', l.id)) AND a.run = l.run AND a.error ->> 'code' = '{AWAY_CODE}') AS excused
             FROM lost l
         ), judged AS (
             SELECT j.id, (j.cancel_requested OR j.spent AND NOT j.excused) AND {IS_UNKNOWN} AS unknown, j.cancel_requested, j.spent, j.excused FROM pardoned j
         ), verdict AS (
             SELECT id, unknown, excused, CASE WHEN unknown THEN 'dead' WHEN cancel_requested THEN 'cancelled' WHEN spent AND NOT excused THEN 'dead' ELSE 'queued' END AS next FROM judged
         ), ended AS (
             UPDATE jobs j SET state = l.next, lease_token = NULL, lease_until = NULL, dispatch_epoch = NULL, dispatched_at = NULL,
                    forced = j.forced AND l.excused, attempt = j.attempt - l.excused::int, revision = revision + 1, finished_at = CASE WHEN l.next <> 'queued' THEN now() END
             FROM verdict l WHERE j.id = l.id
             RETURNING j.*, l.excused, NULL::jsonb AS result, CASE WHEN l.unknown THEN $3::jsonb WHEN l.excused THEN $5::jsonb ELSE $2::jsonb END AS error
         ), attempt AS (
             INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome, error)
             SELECT tenant_id, id, run, attempt + excused::int, worker, attempt_started_at, now(), CASE WHEN excused THEN 'handed_back' ELSE 'lost' END, error FROM ended
         ), body AS (
             UPDATE job_bodies b SET error = e.error FROM ended e WHERE b.tenant_id = e.tenant_id AND b.job_id = e.id
         ), {COUNTED}, {TELL_WEBHOOKS}
         SELECT e.id, e.tenant_id, e.pool, e.priority, e.state, e.kind, e.knowledge_base_ids, CASE WHEN e.state = 'dead' THEN e.error ->> 'code' END AS dead_of,
                e.excused, 1 - e.excused::int + (SELECT count(*) FROM job_attempts a WHERE a.tenant_id = e.tenant_id AND a.job_id = e.id AND a.run = e.run AND a.outcome = 'lost') AS lost
         FROM ended e",
    ))
    .bind::<BigInt, _>(limit)
    .bind::<Jsonb, _>(&errors.lost)
    .bind::<Jsonb, _>(&errors.unknown)
    .bind::<Double, _>(away.as_secs_f64())
    .bind::<Jsonb, _>(&errors.away)
    .prepared().load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(expired)
}
