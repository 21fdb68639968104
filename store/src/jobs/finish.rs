use super::places::batches;
use super::undecided::{explain, undecided};
use super::{Dispatchable, JobState};
use crate::batches::COUNTED;
use crate::connect::PooledConnection;
use crate::prepared::Prepare;
use crate::webhooks::TELL_WEBHOOKS;
use crate::{BatchId, JobId, StoreError, System, TenantTx};
use diesel::sql_types::{Array, Bool, Double, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
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
    /// The worker is shut down: the attempt does not count.
    HandedBack,
    /// A budget holds it back, or its worker lacks a setting or does not know its kind: the attempt does not count, and leaves no trace but `why`
    /// and its steps.
    Snoozed {
        delay: Duration,
        /// `{reason, limit, credential, limited_secs}` of a budget, else `{reason, detail, limited_secs}`; until when, since when and how often are added.
        why: Value,
    },
}

impl Outcome {
    /// The attempt's own error.
    fn said(&self) -> Option<&Value> {
        match self {
            Self::Retry { error, .. } | Self::Dead { error } => Some(error),
            Self::Succeeded { .. } | Self::Cancelled | Self::HandedBack | Self::Snoozed { .. } => None,
        }
    }
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
    /// Of a dead one, the code of its error.
    #[diesel(sql_type = Nullable<Text>)]
    pub dead_of: Option<String>,
    /// Its batch, when with this end something is to be done about that: end it, or cancel the others.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub due_batch: Option<BatchId>,
    /// With this end, or one that was written with it, deliveries of webhooks were queued.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub told: bool,
}

/// Ends many attempts in one transaction of the system role (two, where a job is there with two leases). Those whose lease was lost are missing from the answer.
///
/// A job that would end short of success although what came of a call is not known is dead with that as its error: no attempt will find out, a person has to.
///
/// It is durable, unless all are of interactive jobs: somebody waits for those, no webhook is told of them, and an end that a crash forgets only has the
/// job, a search or the like, run once more.
///
/// # Errors
/// [`StoreError`]; then nothing was written, or, of two transactions, only the first. What was written is not written again.
pub async fn finish(system: &System, finishes: &[Finish]) -> Result<Vec<Ended>, StoreError> {
    let mut ended = Vec::with_capacity(finishes.len());
    for batch in batches(finishes, |finish| finish.id) {
        ended.append(&mut finish_batch(system, &batch).await?);
    }
    Ok(ended)
}

/// One statement, which is a transaction by itself.
async fn finish_batch(system: &System, finishes: &[&Finish]) -> Result<Vec<Ended>, StoreError> {
    let mut retries = system.retries();
    loop {
        let mut conn = system.checkout().await?;
        match write(&mut conn, finishes, Ends::Alone).await {
            Err(StoreError::Query(error)) if retries.after_closed(&error) || retries.after_change(&error) => {}
            ended => return ended,
        }
    }
}

/// Ends an attempt that succeeded in the transaction of its business writes: both happen, or neither.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job by now: roll back.
pub async fn finish_in(tx: &mut TenantTx, finish: Finish) -> Result<Ended, StoreError> {
    // From here on the row cannot change, so that the next statement needs not look at it twice.
    let held = sql_query("SELECT FROM jobs WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 FOR UPDATE")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(finish.id)
        .bind::<Uuid, _>(finish.lease_token)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if held == 0 {
        return Err(StoreError::LeaseLost);
    }
    write(&mut tx.conn, &[&finish], Ends::WithWrites)
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

/// `finishes` are in the order of their ids, each of another job.
async fn write(conn: &mut PooledConnection, finishes: &[&Finish], ends: Ends) -> Result<Vec<Ended>, StoreError> {
    let (Some(first), Some(last)) = (finishes.first(), finishes.last()) else {
        return Ok(Vec::new());
    };
    let counting = finishes.iter().any(|finish| finish.batch.is_some());
    let sql: &String = match ends {
        Ends::WithWrites => &WITH_WRITES,
        Ends::Alone if counting => &COUNTING,
        Ends::Alone if finishes.iter().all(|finish| finish.interactive) => &AWAITED,
        Ends::Alone => &PLAIN,
    };
    let undecided = match ends {
        Ends::WithWrites => BTreeSet::new(),
        Ends::Alone => undecided(conn, finishes).await?,
    };
    let is_undecided: Vec<bool> = finishes.iter().map(|finish| undecided.contains(&finish.id)).collect();
    let rows: Vec<Row<'_>> = finishes
        .iter()
        .zip(&is_undecided)
        .map(|(finish, is)| Row::of(finish, *is))
        .collect();
    let fallen: Vec<Option<Cow<'_, Value>>> = finishes
        .iter()
        .zip(&is_undecided)
        .map(|(finish, is)| is.then(|| explain(finish.outcome.said())))
        .collect();
    Ok(sql_query(sql.as_str())
        .bind::<Array<Uuid>, _>(finishes.iter().map(|f| f.id).collect::<Vec<_>>())
        .bind::<Array<Uuid>, _>(finishes.iter().map(|f| f.lease_token).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.state).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(rows.iter().map(|row| row.outcome).collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.result).collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.error.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Double>, _>(rows.iter().map(|row| row.delay.as_secs_f64()).collect::<Vec<_>>())
        .bind::<Uuid, _>(first.id)
        .bind::<Uuid, _>(last.id)
        .bind::<Array<Nullable<Jsonb>>, _>(finishes.iter().map(|f| f.steps.as_ref()).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(is_undecided)
        .bind::<Array<Nullable<Jsonb>>, _>(fallen.iter().map(Option::as_deref).collect::<Vec<_>>())
        .prepared()
        .load(conn)
        .await?)
}

/// One [`Finish`] as columns.
struct Row<'a> {
    state: &'static str,
    outcome: &'static str,
    result: Option<&'a Value>,
    error: Option<Cow<'a, Value>>,
    delay: Duration,
}

impl<'a> Row<'a> {
    fn of(finish: &'a Finish, is_undecided: bool) -> Self {
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
                error: Some(Cow::Borrowed(error)),
                delay: *delay,
                ..row("retryable", "failed")
            },
            Outcome::Dead { error } if is_undecided => Row {
                error: Some(explain(Some(error))),
                ..row("dead", "failed")
            },
            Outcome::Dead { error } => Row {
                error: Some(Cow::Borrowed(error)),
                ..row("dead", "failed")
            },
            Outcome::Cancelled if is_undecided => Row {
                error: Some(explain(None)),
                ..row("dead", "failed")
            },
            Outcome::Cancelled => row("cancelled", "cancelled"),
            Outcome::HandedBack => row("queued", "handed_back"),
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
        OF_EACH,
        &format!(", {TELL_WEBHOOKS}"),
        "NULL::uuid AS due_batch, EXISTS (SELECT FROM told) AS told FROM ended e",
    )
});

/// What a snoozed job waits for that no time brings, but an operator.
const BY_OPERATORS: &str = "('not_configured', 'unknown_kind')";

/// The body of one job among many. Postgres finds its week while the statement runs, which must be in one snapshot then: see [`System::checkout`].
const OF_EACH: &str = "b.job_id = e.id";

/// The body of the only job.
const OF_THE_ONE: &str = "b.job_id = $8";

/// The same of jobs that somebody waits for. That the commit does not wait for the disk is settled inside the statement, which is a transaction by itself.
static AWAITED: LazyLock<String> = LazyLock::new(|| {
    statement(
        OF_EACH,
        "",
        "NULL::uuid AS due_batch, set_config('synchronous_commit', 'off', true) IS NULL AS told FROM ended e",
    )
});

static COUNTING: LazyLock<String> = LazyLock::new(|| counting(OF_EACH));

/// One that ends with what it wrote: another's transaction may change the row of its batch meanwhile, which Postgres looks at again.
static WITH_WRITES: LazyLock<String> = LazyLock::new(|| counting(OF_THE_ONE));

fn counting(body: &str) -> String {
    statement(
        body,
        &format!(", {COUNTED}, {TELL_WEBHOOKS}"),
        "c.id AS due_batch, EXISTS (SELECT FROM told) AS told FROM ended e LEFT JOIN counted c ON c.id = e.parent_id AND c.due",
    )
}

/// Only a job that runs has a token. To say so would lead the planner to the index of leases: past every job that runs anywhere. That an end's `outcome` is one of
/// five says nothing but to the planner that they are few: it then looks their bodies up one by one. Of one that was put off the body tells the steps only.
///
/// A job that was asked to stop while it ran does not run again, however its attempt ended short of success or death: it is cancelled, or fallen, which is dead
/// and says what it said besides, where what came of a call is not known. A job that was to run though paused did so, unless its worker handed it back. What a
/// snoozed one waits for comes in its `result`; since when and how often begin anew where it waited for a budget and
/// now does for an operator, or the other way round.
fn statement(body: &str, more: &str, answer: &str) -> String {
    format!(
        "
WITH held AS (
    SELECT j.id FROM jobs j
    WHERE j.id = ANY($1) AND j.id BETWEEN $8 AND $9 AND j.lease_token = $2[width_bucket(j.id, $1)]
    ORDER BY j.id FOR UPDATE
), written AS (
    UPDATE jobs j SET
        lease_token = NULL, lease_until = NULL, dispatch_epoch = NULL, dispatched_at = NULL, revision = revision + 1,
        forced = j.forced AND $4[width_bucket(j.id, $1)] = 'handed_back',
        (state, attempt, snooze, progress, run_at, finished_at) = (
            SELECT f.state,
                   CASE WHEN f.outcome IN ('handed_back', 'snoozed') THEN j.attempt - 1 ELSE j.attempt END,
                   CASE WHEN f.outcome = 'snoozed' THEN f.result
                        || jsonb_build_object('until', clock_timestamp() + (f.result ->> 'limited_secs')::float8 * interval '1 second', 'count', coalesce((f.so_far ->> 'count')::int, 0) + 1,
                                              'since', coalesce(f.so_far -> 'since', to_jsonb(clock_timestamp()))) WHEN f.outcome = 'handed_back' THEN j.snooze END,
                   CASE WHEN f.state = 'succeeded' AND jsonb_typeof(j.progress -> 'total') = 'number'
                        THEN jsonb_build_object('done', j.progress -> 'total', 'total', j.progress -> 'total') ELSE j.progress END,
                   CASE WHEN f.state IN ('retryable', 'queued', 'scheduled') THEN clock_timestamp() + f.delay_secs * interval '1 second' ELSE j.run_at END,
                   CASE WHEN f.state IN ('succeeded', 'dead', 'cancelled') THEN clock_timestamp() END
            FROM (SELECT CASE WHEN j.cancel_requested AND $3[place] IN ('retryable', 'queued', 'scheduled')
                              THEN CASE WHEN $11[place] THEN 'dead' ELSE 'cancelled' END ELSE $3[place] END AS state,
                         $4[place] AS outcome, $5[place] AS result, $7[place] AS delay_secs,
                         CASE WHEN $4[place] = 'snoozed' AND (j.snooze ->> 'reason' IN {BY_OPERATORS}) = ($5[place] ->> 'reason' IN {BY_OPERATORS}) THEN j.snooze END AS so_far
                  FROM width_bucket(j.id, $1) AS place OFFSET 0) f)
    WHERE j.id = ANY(ARRAY(SELECT id FROM held)) AND j.id BETWEEN $8 AND $9
    RETURNING j.id, j.tenant_id, j.state, j.pool, j.priority, j.kind, j.knowledge_base_ids, j.run, j.attempt, j.parent_id, j.worker, j.attempt_started_at,
              j.interactive, j.document_id, j.max_attempts, j.trace_context, j.created_at, j.started_at, j.finished_at, width_bucket(j.id, $1) AS place
), ended AS (
    SELECT w.id, w.tenant_id, w.state, w.pool, w.priority, w.kind, w.knowledge_base_ids, w.run, w.parent_id, w.worker, w.attempt_started_at,
           w.interactive, w.document_id, w.max_attempts, w.trace_context, w.created_at, w.started_at, w.finished_at,
           CASE WHEN v.fallen THEN 'failed' ELSE $4[w.place] END AS outcome, CASE WHEN NOT v.fallen THEN $5[w.place] END AS result,
           CASE WHEN v.fallen THEN $12[w.place] ELSE $6[w.place] END AS error, $10[w.place] AS steps,
           CASE WHEN $4[w.place] = 'handed_back' OR v.fallen AND $4[w.place] = 'snoozed' THEN w.attempt + 1 ELSE w.attempt END AS attempt
    FROM written w CROSS JOIN LATERAL (SELECT w.state = 'dead' AND $3[w.place] <> 'dead' AS fallen) v
), body AS (
    UPDATE job_bodies b SET result = CASE WHEN e.outcome = 'snoozed' THEN b.result ELSE e.result END,
                            error = CASE WHEN e.outcome = 'snoozed' THEN b.error ELSE e.error END, steps = coalesce(e.steps, b.steps)
    FROM ended e WHERE b.tenant_id = e.tenant_id AND {body} AND b.job_id = ANY($1) AND b.job_id BETWEEN $8 AND $9
      AND e.outcome IN ('succeeded', 'failed', 'cancelled', 'handed_back', 'snoozed')
      AND (e.steps IS NOT NULL AND e.steps IS DISTINCT FROM b.steps
           OR e.outcome <> 'snoozed' AND (e.result IS NOT NULL OR e.error IS NOT NULL OR b.error IS NOT NULL))
), attempt AS (
    INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome, error)
    SELECT tenant_id, id, run, attempt, worker, attempt_started_at, clock_timestamp(), outcome, error FROM ended WHERE outcome <> 'snoozed'
){more}
SELECT e.id, e.tenant_id, e.state, e.pool, e.priority, e.kind, e.knowledge_base_ids, CASE WHEN e.state = 'dead' THEN e.error ->> 'code' END AS dead_of, {answer}"
    )
}
