use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::documents::{Document, DocumentState};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Versioned;
use super::job::JobError;

/// A document: its latest submission, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
pub(crate) struct DocumentObject {
    pub(crate) id: Uuid,
    pub(crate) knowledge_base_id: Uuid,
    /// The collection that it is in.
    #[schema(required = true)]
    pub(crate) collection_id: Option<Uuid>,
    /// The client's own id, if it gave one.
    #[schema(required = true)]
    pub(crate) external_id: Option<String>,
    pub(crate) title: String,
    pub(crate) mime_type: String,
    #[schema(value_type = Object)]
    pub(crate) metadata: Value,
    /// Who may see it: `{"public": true}`, `{"users": […], "groups": […]}`, or `{}` for nobody but the tenant.
    #[schema(value_type = Object)]
    pub(crate) acl: Value,
    /// What the version that is served says of itself, such as `author`, `created` and `pages`: `$said.author` in filters.
    #[schema(value_type = Object)]
    pub(crate) said: Value,
    /// False: it is switched off, and no search or answer finds it.
    pub(crate) enabled: bool,
    /// `failed`: the latest submission could not be ingested; a version that was ready before is still served.
    #[schema(value_type = DocumentStateName)]
    pub(crate) state: DocumentState,
    /// Grows with each submission.
    pub(crate) version: i32,
    /// The version that search serves.
    #[schema(required = true)]
    pub(crate) ready_version: Option<i32>,
    pub(crate) chunk_count: i32,
    /// Of the latest submission.
    pub(crate) size_bytes: i64,
    /// Why the latest submission failed.
    #[schema(value_type = Option<JobError>, required = true)]
    pub(crate) error: Option<Value>,
    /// The job of the latest submission.
    pub(crate) job_id: Uuid,
    /// The job that made the version that is served, which is another where the latest submission changed nothing. Where one document is shown, while the job is kept; not known of what an earlier release made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ready_job_id: Option<Uuid>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Versioned for DocumentObject {
    const MOVES_BY_ITSELF: &'static [&'static str] = &[
        "title",
        "mime_type",
        "said",
        "state",
        "ready_version",
        "ready_job_id",
        "chunk_count",
        "error",
        "updated_at",
    ];
}

impl From<Document> for DocumentObject {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.0,
            knowledge_base_id: document.knowledge_base_id.0,
            collection_id: document.collection_id.map(|id| id.0),
            state: document.state(),
            external_id: document.external_id,
            title: document.title,
            mime_type: document.mime_type,
            metadata: document.metadata,
            acl: document.acl,
            said: document.said,
            enabled: document.enabled,
            version: document.version,
            ready_version: document.ready_version,
            chunk_count: document.chunk_count,
            size_bytes: document.size_bytes,
            error: document.error,
            job_id: document.job_id.0,
            ready_job_id: None,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// What became of a document's latest submission.
#[derive(ToSchema)]
#[schema(as = DocumentState, rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "describes `store::documents::DocumentState` in the OpenAPI document"
)]
pub(crate) enum DocumentStateName {
    Pending,
    Ready,
    Failed,
    Deleting,
}
