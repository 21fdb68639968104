use super::{Dispatchable, JobState};
use crate::batches::COUNTED;
use crate::connect::PooledConnection;
use crate::prepared::Prepare;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{BatchId, JobId, StoreError, System, TenantTx};
use diesel::sql_types::{Array, Double, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::Duration;

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Succeeded {
        result: Value,
    },
    /// Another attempt follows after `delay`.
    Retry {
        error: Value,
        delay: Duration,
    },
    /// No further attempt.
    Dead {
        error: Value,
    },
    Cancelled,
    /// The worker is shut down, or does not know the kind: the attempt does not count.
    HandedBack {
        delay: Duration,
    },
    /// A budget or a missing setting holds it back: the attempt does not count, and leaves no trace but `why`.
    Snoozed {
        delay: Duration,
        /// `{reason, limit, credential, limited_secs}`, or `{reason, detail, limited_secs}` of a missing setting; until when, since when and how often are added.
        why: Value,
    },
}

/// The end of one attempt, fenced by the lease it ran under.
#[derive(Clone, Debug)]
pub struct Finish {
    pub id: JobId,
    pub lease_token: uuid::Uuid,
    /// As it was claimed: somebody waits for it, and no webhook is told of it.
    pub interactive: bool,
    /// The batch of the job, as it was claimed: an end without it is not counted.
    pub batch: Option<BatchId>,
    pub outcome: Outcome,
    /// Its steps, as they are to be written down with the end; `None` leaves what was written.
    pub steps: Option<Value>,
}

/// A job whose attempt has been written down.
#[derive(Clone, Debug, QueryableByName)]
pub struct Ended {
    #[diesel(embed)]
    pub job: Dispatchable,
    #[diesel(sql_type = Text)]
    pub state: JobState,
    /// Its batch, when with this end something is to be done about that: end it, or cancel the others.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub due_batch: Option<BatchId>,
    /// With this end, or one that was written with it, deliveries of webhooks were queued.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub told: bool,
}

/// Ends many attempts in one transaction of the system role. Those whose lease was lost are missing from the answer.
///
/// It is durable, unless all are of interactive jobs: somebody waits for those, no webhook is told of them, and an end that a crash forgets only has the
/// job, a search or the like, run once more.
///
/// # Errors
/// [`StoreError`]; then nothing was written.
pub async fn finish(system: &System, finishes: &[Finish]) -> Result<Vec<Ended>, StoreError> {
    if finishes.is_empty() {
        return Ok(Vec::new());
    }
    // One statement, which is a transaction by itself.
    let mut tries = system.tries();
    loop {
        let mut conn = system.checkout().await?;
        match write(&mut conn, finishes, Ends::Alone).await {
            Err(StoreError::Query(error)) if tries > 0 && StoreError::is_closed(&error) => tries -= 1,
            ended => return ended,
        }
    }
}

/// Ends one attempt in the transaction of its business writes: both happen, or neither.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job by now: roll back.
pub async fn finish_in(tx: &mut TenantTx, finish: Finish) -> Result<Ended, StoreError> {
    write(&mut tx.conn, &[finish], Ends::WithWrites)
        .await?
        .pop()
        .ok_or(StoreError::LeaseLost)
}

/// What is committed with the ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nothing else.
    Alone,
    /// Business writes, which are durable whoever waits.
    WithWrites,
}

async fn write(conn: &mut PooledConnection, finishes: &[Finish], ends: Ends) -> Result<Vec<Ended>, StoreError> {
    let (Some(smallest), Some(largest)) = (finishes.iter().map(|f| f.id).min(), finishes.iter().map(|f| f.id).max())
    else {
        return Ok(Vec::new());
    };
    let counting = finishes.iter().any(|finish| finish.batch.is_some());
    let sql: &String = match ends {
        _ if counting => &COUNTING,
        Ends::Alone if finishes.iter().all(|finish| finish.interactive) => &AWAITED,
        _ => &PLAIN,
    };
    let rows: Vec<Row<'_>> = finishes.iter().map(Row::of).collect();
    Ok(sql_query(sql.as_str())
        .bind::<Array<Uuid>, _>(finishes.iter().map(|f| f.id).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(finishes.iter().map(|f| f.lease_token).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.state).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.outcome).collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.result).collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.error).collect::<Vec<_>>())
        .bind::<Array<Double>, _>(rows.iter().map(|row| row.delay.as_secs_f64()).collect::<Vec<_>>())
        .bind::<Uuid, _>(smallest)
        .bind::<Uuid, _>(largest)
        .bind::<Array<Nullable<Jsonb>>, _>(finishes.iter().map(|f| f.steps.as_ref()).collect::<Vec<_>>())
        .prepared()
        .load(conn)
        .await?)
}

/// One [`Finish`] as columns.
struct Row<'a> {
    state: &'static str,
    outcome: &'static str,
    result: Option<&'a Value>,
    error: Option<&'a Value>,
    delay: Duration,
}

impl<'a> Row<'a> {
    fn of(finish: &'a Finish) -> Self {
        let row = |state, outcome| Row {
            state,
            outcome,
            result: None,
            error: None,
            delay: Duration::ZERO,
        };
        match &finish.outcome {
            Outcome::Succeeded { result } => Row {
                result: Some(result),
                ..row("succeeded", "succeeded")
            },
            Outcome::Retry { error, delay } => Row {
                error: Some(error),
                delay: *delay,
                ..row("retryable", "failed")
            },
            Outcome::Dead { error } => Row {
                error: Some(error),
                ..row("dead", "failed")
            },
            Outcome::Cancelled => row("cancelled", "cancelled"),
            Outcome::HandedBack { delay } if delay.is_zero() => row("queued", "handed_back"),
            Outcome::HandedBack { delay } => Row {
                delay: *delay,
                ..row("scheduled", "handed_back")
            },
            Outcome::Snoozed { delay, why } => Row {
                result: Some(why),
                delay: *delay,
                ..row("scheduled", "snoozed")
            },
        }
    }
}

/// Of jobs that belong to no batch, which go without the counting: it would cost one that ends alone some 50 µs.
static PLAIN: LazyLock<String> = LazyLock::new(|| {
    statement(
        &format!(", {TELL_WEBHOOKS}"),
        "NULL::uuid AS due_batch, EXISTS (SELECT FROM told) AS told FROM ended e",
    )
});

/// The same of jobs that somebody waits for. That the commit does not wait for the disk is settled inside the statement, which is a transaction by itself.
static AWAITED: LazyLock<String> = LazyLock::new(|| {
    statement(
        "",
        "NULL::uuid AS due_batch, set_config('synchronous_commit', 'off', true) IS NULL AS told FROM ended e",
    )
});

static COUNTING: LazyLock<String> = LazyLock::new(|| {
    statement(
        &format!(", {COUNTED}, {TELL_WEBHOOKS}"),
        "c.id AS due_batch, EXISTS (SELECT FROM told) AS told FROM ended e LEFT JOIN counted c ON c.id = e.parent_id AND c.due",
    )
});

/// Only a job that runs has a token. To say so would lead the planner to the index of leases: past every job that runs anywhere.
///
/// A job that was asked to stop while it ran does not run again, however its attempt ended short of success or death. What a snoozed one
/// waits for comes in its `result`.
fn statement(more: &str, answer: &str) -> String {
    format!(
        "
WITH done AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[], $7::float8[], $10::jsonb[])
        AS d (id, token, state, outcome, result, error, delay_secs, steps)
), held AS (
    SELECT j.id, d.outcome, d.result, d.error, d.delay_secs, d.steps,
           CASE WHEN j.cancel_requested AND d.state IN ('retryable', 'queued', 'scheduled') THEN 'cancelled' ELSE d.state END AS state
    FROM jobs j JOIN done d ON d.id = j.id
    WHERE j.id = ANY($1) AND j.id BETWEEN $8 AND $9 AND j.lease_token = d.token
    ORDER BY j.id FOR UPDATE OF j
), ended AS (
    UPDATE jobs j SET
        state = h.state, lease_token = NULL, lease_until = NULL, dispatch_epoch = NULL, dispatched_at = NULL, revision = revision + 1,
        attempt = CASE WHEN h.outcome IN ('handed_back', 'snoozed') THEN attempt - 1 ELSE attempt END,
        snooze = CASE WHEN h.outcome = 'snoozed' THEN h.result
                      || jsonb_build_object('until', clock_timestamp() + (h.result ->> 'limited_secs')::float8 * interval '1 second', 'count', coalesce((snooze ->> 'count')::int, 0) + 1,
                      'since', coalesce(snooze -> 'since', to_jsonb(clock_timestamp()))) WHEN h.outcome = 'handed_back' THEN snooze END,
        progress = CASE WHEN h.state = 'succeeded' AND jsonb_typeof(progress -> 'total') = 'number'
                        THEN jsonb_build_object('done', progress -> 'total', 'total', progress -> 'total') ELSE progress END,
        run_at = CASE WHEN h.state IN ('retryable', 'queued', 'scheduled') THEN clock_timestamp() + h.delay_secs * interval '1 second' ELSE run_at END,
        finished_at = CASE WHEN h.state IN ('succeeded', 'dead', 'cancelled') THEN clock_timestamp() END
    FROM held h WHERE j.id = h.id AND j.id = ANY($1) AND j.id BETWEEN $8 AND $9
    RETURNING j.id, j.tenant_id, j.state, j.pool, j.priority, j.kind, j.knowledge_base_ids, j.run, j.parent_id, j.worker, j.attempt_started_at, h.outcome, h.result, h.error, h.steps,
              j.interactive, j.document_id, j.max_attempts, j.trace_context, j.created_at, j.started_at, j.finished_at,
              CASE WHEN h.outcome = 'handed_back' THEN j.attempt + 1 ELSE j.attempt END AS attempt
), body AS (
    UPDATE job_bodies b SET result = e.result, error = e.error, steps = coalesce(e.steps, b.steps)
    FROM ended e WHERE b.tenant_id = e.tenant_id AND b.job_id = e.id AND b.job_id = ANY($1) AND b.job_id BETWEEN $8 AND $9 AND e.outcome <> 'snoozed'
      AND (e.result IS NOT NULL OR e.error IS NOT NULL OR b.error IS NOT NULL OR e.steps IS NOT NULL)
), attempt AS (
    INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome, error)
    SELECT tenant_id, id, run, attempt, worker, attempt_started_at, clock_timestamp(), outcome, error FROM ended WHERE outcome <> 'snoozed'
){more}
SELECT e.id, e.tenant_id, e.state, e.pool, e.priority, e.kind, e.knowledge_base_ids, {answer}"
    )
}
