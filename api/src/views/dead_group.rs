use chrono::{DateTime, Utc};
use serde::Serialize;
use store::jobs::DeadGroup;
use utoipa::ToSchema;
use uuid::Uuid;

/// Dead letters of one kind and error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadGroup)]
pub(crate) struct DeadGroupObject {
    pub(crate) kind: String,
    /// `error.code` of each of them.
    pub(crate) error_code: String,
    pub(crate) jobs: i64,
    /// Different payloads among them: fewer than jobs means that the same thing was tried again.
    pub(crate) payloads: i64,
    pub(crate) first_failed_at: DateTime<Utc>,
    pub(crate) last_failed_at: DateTime<Utc>,
    /// Ids of the newest three; with `kills_workers` those first that do.
    pub(crate) examples: Vec<Uuid>,
    /// `kills_workers`: one or more of them lost every worker that took them, at least two. `same_payload`: one payload died more than once within a day. `recurring`: five or more
    /// died within the last hour. Null: none of these.
    #[schema(required = true)]
    pub(crate) warning: Option<String>,
}

impl From<DeadGroup> for DeadGroupObject {
    fn from(group: DeadGroup) -> Self {
        Self {
            kind: group.kind,
            error_code: group.error_code,
            jobs: group.jobs,
            payloads: group.payloads,
            first_failed_at: group.first_failed_at,
            last_failed_at: group.last_failed_at,
            examples: group.examples.into_iter().map(|id| id.0).collect(),
            warning: group.warning,
        }
    }
}
