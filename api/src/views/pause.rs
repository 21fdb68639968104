use super::SetBy;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::pauses::Pause;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something of the tenant's that is held back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pause)]
pub(crate) struct PauseObject {
    /// Null when the operator has set it.
    #[schema(required = true)]
    pub(crate) id: Option<Uuid>,
    /// Jobs of this kind; null: all of the tenant's jobs.
    #[schema(required = true, example = "ingest_document")]
    pub(crate) kind: Option<String>,
    pub(crate) reason: String,
    pub(crate) set_by: SetBy,
    pub(crate) created_at: DateTime<Utc>,
}

impl From<Pause> for PauseObject {
    fn from(pause: Pause) -> Self {
        Self {
            id: pause.id.map(|id| id.0),
            kind: pause.kind,
            reason: pause.reason,
            set_by: if pause.id.is_some() {
                SetBy::Tenant
            } else {
                SetBy::Operator
            },
            created_at: pause.created_at,
        }
    }
}
