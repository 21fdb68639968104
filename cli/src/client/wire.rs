//! What the API answers, as far as the command line reads it. Unknown fields and states are no error.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// One page of any list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct KnowledgeBase {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

impl KnowledgeBase {
    /// The base of this id, if it is one: what it is called is not known.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        Some(Self {
            id: Uuid::parse_str(id).ok()?,
            name: id.to_owned(),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    pub(crate) id: Uuid,
    #[serde(default)]
    pub(crate) external_id: Option<String>,
}

/// Not the database's own: the server may be newer, and have a state that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    Scheduled,
    Queued,
    Running,
    Retryable,
    Succeeded,
    Dead,
    Cancelled,
    #[serde(other)]
    Unknown,
}

impl JobState {
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Dead | Self::Cancelled)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) state: JobState,
    #[serde(default)]
    pub(crate) pool: String,
    #[serde(default)]
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) max_attempts: u32,
    #[serde(default)]
    pub(crate) progress: Option<Progress>,
    #[serde(default)]
    pub(crate) result: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<JobError>,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
    /// The document that it is about.
    #[serde(default)]
    pub(crate) document_id: Option<Uuid>,
    /// It runs, and was told to stop.
    #[serde(default)]
    pub(crate) cancel_requested: bool,
    #[serde(default)]
    pub(crate) discarded: Option<Discarded>,
    #[serde(default)]
    pub(crate) created_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// That somebody gave a dead job up.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Discarded {
    pub(crate) at: DateTime<Utc>,
    pub(crate) reason: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Progress {
    pub(crate) done: u64,
    #[serde(default)]
    pub(crate) total: Option<u64>,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct JobError {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// One step of a job.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) attempt: Option<u32>,
    #[serde(default)]
    pub(crate) duration_ms: Option<f64>,
    #[serde(default)]
    pub(crate) detail: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<JobError>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Attempt {
    /// Grows with each retry by hand.
    #[serde(default)]
    pub(crate) run: u32,
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) worker: Option<String>,
    #[serde(default)]
    pub(crate) outcome: Option<String>,
    #[serde(default)]
    pub(crate) error: Option<Value>,
    #[serde(default)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
}
