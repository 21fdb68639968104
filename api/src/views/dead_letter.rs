use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::jobs::DeadLetter;
use utoipa::ToSchema;
use uuid::Uuid;

/// A job that failed for good and was not discarded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(crate) struct DeadLetterObject {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) pool: String,
    /// Attempts of its last run.
    pub(crate) attempt: i16,
    /// The document that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document_id: Option<Uuid>,
    #[schema(value_type = Option<super::job::JobError>, required = true)]
    pub(crate) error: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) failed_at: DateTime<Utc>,
    /// `[{step, state, calls}]`: what a replay would find in the ledger. Calls that are `done` are not made again, `failed` ones are, and
    /// `intended` or `unknown` ones need a decision.
    pub(crate) effects: Value,
}

impl From<DeadLetter> for DeadLetterObject {
    fn from(letter: DeadLetter) -> Self {
        Self {
            id: letter.id.0,
            kind: letter.kind,
            pool: letter.pool,
            attempt: letter.attempt,
            document_id: letter.document_id.map(|id| id.0),
            error: letter.error,
            created_at: letter.created_at,
            failed_at: letter.failed_at,
            effects: letter.effects,
        }
    }
}
