use super::FullJob;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::jobs::{Attempt, AttemptPlace, Job, JobState};
use utoipa::ToSchema;
use uuid::Uuid;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobObject {
    pub(crate) id: Uuid,
    #[schema(example = "ingest_document")]
    pub(crate) kind: String,
    #[schema(example = "ingest")]
    pub(crate) pool: String,
    /// `scheduled` waits for `run_at`, `queued` for a worker, `retryable` for its next attempt; the last three are ends.
    #[schema(value_type = JobStateName)]
    pub(crate) state: JobState,
    /// `true`: its worker was told to stop, and it runs until that has. Else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cancel_requested: bool,
    /// 0 runs first, 2 last.
    pub(crate) priority: i16,
    /// Of the current run; a retry by hand begins a new run.
    pub(crate) attempt: i16,
    pub(crate) max_attempts: i16,
    pub(crate) run_at: DateTime<Utc>,
    #[schema(value_type = Option<Progress>, required = true)]
    pub(crate) progress: Option<Value>,
    /// What the kind returns; null until it has succeeded.
    #[schema(required = true)]
    pub(crate) result: Option<Value>,
    #[schema(value_type = Option<JobError>, required = true)]
    pub(crate) error: Option<Value>,
    /// What its calls to the outside have cost so far; null while that is nothing.
    #[schema(required = true)]
    pub(crate) cost: Option<Cost>,
    /// Oldest first; of a running job the last is the current one. Of those that have ended the newest hundred: `GET /v1/jobs/{id}/attempts` has all.
    pub(crate) attempts: Vec<AttemptObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<Uuid>,
    /// The schedule that made it, and for which tick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_tick: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub(crate) finished_at: Option<DateTime<Utc>>,
    /// Of a dead job that somebody gave up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) discarded: Option<Discarded>,
}

/// An amount of money.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cost {
    /// Millionths of the currency's unit.
    pub(crate) micros: i64,
    #[schema(example = "USD")]
    pub(crate) currency: &'static str,
}

impl Cost {
    fn of(micros: i64) -> Option<Self> {
        (micros > 0).then_some(Self {
            micros,
            currency: "USD",
        })
    }
}

/// That a dead job was given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Discarded {
    pub(crate) at: DateTime<Utc>,
    pub(crate) reason: String,
}

/// One attempt at a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptObject {
    /// From 1; grows with each retry by hand.
    pub(crate) run: i32,
    /// From 1 in each run.
    pub(crate) attempt: i16,
    pub(crate) worker: String,
    pub(crate) started_at: DateTime<Utc>,
    /// Null while it runs.
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// `succeeded`, `failed`, `cancelled`, `lost` (the worker fell silent) or `handed_back` (it was shut down, or the database was away until its lease was over); null while it runs.
    #[schema(required = true)]
    pub(crate) outcome: Option<String>,
    #[schema(value_type = Option<JobError>, required = true)]
    pub(crate) error: Option<Value>,
}

impl JobObject {
    pub(crate) fn of(full: &FullJob) -> Self {
        let FullJob { job, attempts } = full.clone();
        let current = AttemptObject::current(&job);
        Self {
            id: job.id.0,
            kind: job.kind,
            pool: job.pool,
            state: job.state,
            cancel_requested: job.cancel_requested && job.state == JobState::Running,
            priority: job.priority,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            run_at: job.run_at,
            progress: job.progress,
            result: job.result,
            error: job.error,
            cost: Cost::of(job.cost_microusd),
            attempts: attempts.into_iter().map(AttemptObject::ended).chain(current).collect(),
            document_id: job.document_id.map(|id| id.0),
            parent_id: job.parent_id.map(|id| id.0),
            schedule_id: job.schedule_id.map(|id| id.0),
            schedule_tick: job.schedule_tick,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            discarded: job.discarded_at.map(|at| Discarded {
                at,
                reason: job.discard_reason.unwrap_or_default(),
            }),
        }
    }
}

impl AttemptObject {
    pub(crate) fn ended(attempt: Attempt) -> Self {
        Self {
            run: attempt.run,
            attempt: attempt.attempt,
            worker: attempt.worker,
            started_at: attempt.started_at,
            ended_at: Some(attempt.ended_at),
            outcome: Some(attempt.outcome),
            error: attempt.error,
        }
    }

    /// The one that has not ended.
    pub(crate) fn current(job: &Job) -> Option<Self> {
        if job.state != JobState::Running {
            return None;
        }
        let (worker, started_at) = (job.worker.clone()?, job.attempt_started_at?);
        Some(Self {
            run: job.run,
            attempt: job.attempt,
            worker,
            started_at,
            ended_at: None,
            outcome: None,
            error: None,
        })
    }

    pub(crate) fn place(&self) -> AttemptPlace {
        AttemptPlace {
            run: self.run,
            started_at: self.started_at,
        }
    }
}

/// Where a job is in its life.
#[derive(ToSchema)]
#[schema(as = JobState, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes `store::jobs::JobState` in the OpenAPI document")]
pub(crate) enum JobStateName {
    Scheduled,
    Queued,
    Running,
    Retryable,
    Succeeded,
    Dead,
    Cancelled,
}

/// How far a job has come.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes JSON that is passed through as it is stored")]
pub(crate) struct Progress {
    done: u64,
    total: Option<u64>,
    message: Option<String>,
}

/// Why an attempt failed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes JSON that is passed through as it is stored")]
pub(crate) struct JobError {
    /// Stable, for programs.
    code: String,
    message: String,
    /// Whether trying again may help.
    retryable: bool,
    /// The step that failed, of a kind that has steps.
    step: Option<String>,
}
