use chrono::{DateTime, Utc};
use serde::Serialize;
use store::pauses::Pause;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that the tenant holds back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pause)]
pub(crate) struct PauseObject {
    pub(crate) id: Uuid,
    /// Jobs of this kind; null: all of the tenant's jobs.
    #[schema(required = true, example = "ingest_document")]
    pub(crate) kind: Option<String>,
    pub(crate) reason: String,
    pub(crate) created_at: DateTime<Utc>,
}

impl From<Pause> for PauseObject {
    fn from(pause: Pause) -> Self {
        Self {
            id: pause.id.0,
            kind: pause.kind,
            reason: pause.reason,
            created_at: pause.created_at,
        }
    }
}
