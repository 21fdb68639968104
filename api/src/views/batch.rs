use chrono::{DateTime, Utc};
use serde::Serialize;
use store::JobId;
use store::batches::{Batch, BatchState};
use store::jobs::JobState;
use utoipa::ToSchema;
use uuid::Uuid;

/// Jobs that belong together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchObject {
    /// The `parent_id` of its jobs.
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// `running` while jobs pend or may be added; `succeeded` when every job has; `failed` when one is dead; `cancelled` when it was
    /// cancelled, or jobs of it were and none is dead.
    #[schema(value_type = String, example = "running")]
    pub(crate) state: &'static str,
    /// Whether jobs may be added.
    pub(crate) open: bool,
    /// `continue` or `cancel`.
    #[schema(example = "continue")]
    pub(crate) on_failure: String,
    pub(crate) counts: BatchCounts,
    /// The job that follows; null when there is none.
    #[schema(required = true)]
    pub(crate) on_complete_job_id: Option<Uuid>,
    #[schema(value_type = Option<String>, required = true)]
    pub(crate) on_complete_state: Option<JobState>,
    pub(crate) created_at: DateTime<Utc>,
    /// When nothing pended any more, and what follows became due.
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// When it was closed because nobody had for 30 days: then what follows is cancelled, and its own jobs go on.
    #[schema(required = true)]
    pub(crate) expired_at: Option<DateTime<Utc>>,
    /// Of this request: jobs that were not added, because a job that has not ended holds their unique key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) existing: Vec<ExistingJob>,
}

/// How many jobs a batch has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchCounts {
    pub(crate) total: i32,
    /// Those that have not ended.
    pub(crate) pending: i32,
    pub(crate) succeeded: i32,
    pub(crate) dead: i32,
    pub(crate) cancelled: i32,
}

/// A job that was there before, and that the batch does not count.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExistingJob {
    /// The place in `jobs` of the one that was not added; from 0.
    pub(crate) index: usize,
    pub(crate) job_id: Uuid,
}

impl BatchObject {
    pub(crate) fn with_existing(batch: Batch, existing: Vec<(usize, JobId)>) -> Self {
        let existing = existing
            .into_iter()
            .map(|(index, job)| ExistingJob { index, job_id: job.0 })
            .collect();
        Self {
            existing,
            ..batch.into()
        }
    }
}

impl From<Batch> for BatchObject {
    fn from(batch: Batch) -> Self {
        Self {
            id: batch.id.0,
            state: BatchState::as_str(batch.state()),
            open: batch.open,
            counts: BatchCounts {
                total: batch.total,
                pending: batch.pending(),
                succeeded: batch.succeeded,
                dead: batch.dead,
                cancelled: batch.cancelled,
            },
            name: batch.name,
            on_failure: batch.on_failure,
            on_complete_job_id: batch.has_step.then_some(batch.id.0),
            on_complete_state: batch.step_state,
            created_at: batch.created_at,
            ended_at: batch.ended_at,
            expired_at: batch.expired_at,
            existing: Vec::new(),
        }
    }
}
