//! The ledger of effects: what jobs asked of the outside, written down before and after.
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{JobId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Binary, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::sync::LazyLock;

/// What a person is asked for who reads that the outcome of a call is not known.
pub const DECIDE: &str = "Find out, then retry the job with {\"effect\": \"assume_done\"} or {\"effect\": \"repeat\"}.";

/// A message of another, as a sentence that others can follow.
#[must_use]
pub fn sentence(message: &str) -> String {
    let message = message.trim_end();
    match message.ends_with(['.', '!', '?']) || message.is_empty() {
        true => message.to_owned(),
        false => format!("{message}."),
    }
}

/// SQL: whether what came of a call of the job `j` is not known. No attempt will find out once the job has ended, so that such a job ends as dead, with [`UNKNOWN`].
/// Partitions must not be pruned by it while a statement runs that locks rows: `docs/decisions/036-changed-rows.md`.
pub(crate) const IS_UNKNOWN: &str = "EXISTS (SELECT FROM effects e WHERE e.tenant_id = j.tenant_id AND e.job_id = ANY(array_append('{}', j.id)) AND e.state IN ('intended', 'unknown'))";

/// The code of the error of a job that ends although what came of a call is not known.
pub(crate) const UNKNOWN_CODE: &str = "effect_unknown";
pub(crate) const UNKNOWN_WHY: &str = "The job ended while nobody knew what came of one of its calls.";

/// SQL: that error.
pub(crate) static UNKNOWN: LazyLock<String> = LazyLock::new(|| {
    format!("jsonb_build_object('code', '{UNKNOWN_CODE}', 'message', '{UNKNOWN_WHY} {DECIDE}', 'retryable', false)")
});

/// What is known of a step before it is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// It is written down as intended: call, then [`settle`].
    Call,
    /// It was done before; `None` when a person said so.
    Done(Option<Value>),
    /// It was intended before, and nobody has learned what came of it.
    Unknown,
    /// The step was taken with another request: a fault of ours.
    Other,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    Done {
        response: Value,
    },
    /// It certainly had no effect, and may be tried again.
    Failed {
        error: Value,
    },
    /// It may have had one.
    Unknown {
        error: Value,
    },
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Binary)]
    request_hash: Vec<u8>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    response: Option<Value>,
}

/// Writes down that the job is about to take the step, unless the ledger says that it need not or must not. The call may be made once the
/// transaction has committed durably.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job.
pub async fn intend(tx: &mut TenantTx, held: Held, step: &str, request_hash: &[u8]) -> Result<Intent, StoreError> {
    hold(tx, held).await?;
    let intended = sql_query(
        "INSERT INTO effects AS e (tenant_id, job_id, step, request_hash, state) VALUES ($1, $2, $3, $4, 'intended')
         ON CONFLICT (tenant_id, job_id, step) DO UPDATE
             SET state = 'intended', request_hash = $4, error = NULL, calls = e.calls + 1, intended_at = now(), settled_at = NULL
             WHERE e.state = 'failed'",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(step)
    .bind::<Binary, _>(request_hash)
    .prepared().execute(&mut tx.conn)
    .await?;
    if intended == 1 {
        return Ok(Intent::Call);
    }
    let known: Known = sql_query(
        "SELECT state, request_hash, response FROM effects WHERE tenant_id = $1 AND job_id = $2 AND step = $3",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(step)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(match known.state.as_str() {
        _ if known.request_hash != request_hash => Intent::Other,
        "done" => Intent::Done(known.response),
        _ => Intent::Unknown,
    })
}

/// Whether the job's step is done.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn is_done(tx: &mut TenantTx, job: JobId, step: &str) -> Result<bool, StoreError> {
    let done: Option<Found> = sql_query(
        "SELECT job_id AS id FROM effects WHERE tenant_id = $1 AND job_id = $2 AND step = $3 AND state = 'done'",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(job)
    .bind::<Text, _>(step)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(done.is_some())
}

/// Writes down what came of the step.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another worker has the job by now, which will find the step's outcome unknown.
pub async fn settle(tx: &mut TenantTx, held: Held, step: &str, settlement: &Settlement) -> Result<(), StoreError> {
    hold(tx, held).await?;
    let (state, response, error) = match settlement {
        Settlement::Done { response } => ("done", Some(response), None),
        Settlement::Failed { error } => ("failed", None, Some(error)),
        Settlement::Unknown { error } => ("unknown", None, Some(error)),
    };
    sql_query(
        "UPDATE effects SET state = $4, response = $5, error = $6, settled_at = now()
         WHERE tenant_id = $1 AND job_id = $2 AND step = $3 AND state IN ('intended', 'unknown')",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(step)
    .bind::<Text, _>(state)
    .bind::<Nullable<Jsonb>, _>(response)
    .bind::<Nullable<Jsonb>, _>(error)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Uuid)]
    #[expect(dead_code, reason = "that there is a row is the answer")]
    id: JobId,
}

/// The ledger is written under the job's lease like everything else. The row stays locked until commit, so that a lease that expires in
/// between is not given away.
///
/// # Errors
/// [`StoreError::LeaseLost`].
pub async fn hold(tx: &mut TenantTx, held: Held) -> Result<(), StoreError> {
    sql_query(
        "SELECT id FROM jobs WHERE tenant_id = $1 AND id = $2 AND state = 'running' AND lease_token = $3 FOR NO KEY UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Uuid, _>(held.lease_token)
    .prepared().get_result::<Found>(&mut tx.conn)
    .await
    .optional()?
    .map(drop)
    .ok_or(StoreError::LeaseLost)
}

/// What a person decides about steps whose outcome nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They took effect: go on after them.
    AssumeDone,
    /// They did not, or twice does no harm: take them again.
    Repeat,
}

/// Applies a person's decision to the job's unknown steps; returns how many there were.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn decide(tx: &mut TenantTx, job: JobId, decision: Decision) -> Result<usize, StoreError> {
    let state = match decision {
        Decision::AssumeDone => "done",
        Decision::Repeat => "failed",
    };
    Ok(sql_query(
        "UPDATE effects SET state = $3, settled_at = now() WHERE tenant_id = $1 AND job_id = $2 AND state IN ('intended', 'unknown')",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(job)
    .bind::<Text, _>(state)
    .prepared().execute(&mut tx.conn)
    .await?)
}

/// One entry of the ledger.
#[derive(Clone, Debug, QueryableByName)]
pub struct Effect {
    #[diesel(sql_type = Text)]
    pub step: String,
    /// `intended`, `done`, `failed` or `unknown`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// How often the call was made.
    #[diesel(sql_type = Integer)]
    pub calls: i32,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub response: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub error: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub intended_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub settled_at: Option<DateTime<Utc>>,
}

/// The job's entries, oldest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn of_job(tx: &mut TenantTx, job: JobId) -> Result<Vec<Effect>, StoreError> {
    Ok(sql_query(
        "SELECT step, state, calls, response, error, intended_at, settled_at FROM effects
         WHERE tenant_id = $1 AND job_id = $2 ORDER BY intended_at, step",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(job)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
