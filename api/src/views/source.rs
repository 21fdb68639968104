use super::Versioned;
use super::document::DocumentStateName;
use super::job::JobError;
use super::job::JobStateName;
use chrono::{DateTime, Utc};
use jobs::WebSource;
use serde::Serialize;
use serde_json::Value;
use store::documents::{Document, DocumentState};
use store::jobs::{Job, JobState};
use store::sources::{Item, Source, Sync};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where documents come from by themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceObject {
    pub(crate) id: Uuid,
    pub(crate) knowledge_base_id: Uuid,
    #[schema(example = "web")]
    pub(crate) kind: String,
    pub(crate) name: String,
    /// With every default filled in.
    #[schema(value_type = WebSource)]
    pub(crate) config: Value,
    #[schema(value_type = Object)]
    pub(crate) metadata: Value,
    #[schema(value_type = Object)]
    pub(crate) acl: Value,
    /// The collection that its documents are in.
    #[schema(required = true)]
    pub(crate) collection_id: Option<Uuid>,
    /// The latest sync, which is also its job; it may be running.
    #[schema(required = true)]
    pub(crate) sync_id: Option<Uuid>,
    /// When a sync that was no dry run last ended.
    #[schema(required = true)]
    pub(crate) last_sync_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Versioned for SourceObject {
    const MOVES_BY_ITSELF: &'static [&'static str] = &["sync_id", "last_sync_at"];
}

impl From<Source> for SourceObject {
    fn from(source: Source) -> Self {
        Self {
            id: source.id.0,
            knowledge_base_id: source.knowledge_base_id.0,
            kind: source.kind,
            name: source.name,
            config: source.config,
            metadata: source.metadata,
            acl: source.acl,
            collection_id: source.collection_id.map(|id| id.0),
            sync_id: source.sync_id.map(|id| id.0),
            last_sync_at: source.last_sync_at,
            created_at: source.created_at,
            updated_at: source.updated_at,
        }
    }
}

/// One run over a source, counted so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceSync)]
pub(crate) struct SourceSyncObject {
    /// Also its job's id.
    pub(crate) id: Uuid,
    /// Its job's, as `attempt`, `max_attempts`, `run_at` and `error` are; null once that is gone.
    #[schema(value_type = Option<JobStateName>, required = true)]
    pub(crate) state: Option<JobState>,
    #[schema(required = true)]
    pub(crate) attempt: Option<i16>,
    #[schema(required = true)]
    pub(crate) max_attempts: Option<i16>,
    /// Of one that is `retryable`: when its next attempt is due.
    #[schema(required = true)]
    pub(crate) run_at: Option<DateTime<Utc>>,
    /// Why its last attempt failed.
    #[schema(value_type = Option<JobError>, required = true)]
    pub(crate) error: Option<Value>,
    pub(crate) dry_run: bool,
    /// Addresses that were looked at, or are left to look at.
    pub(crate) found: i32,
    /// Of those, how many the syncs before had looked at, which ran out of time: this one went on from there.
    pub(crate) continued: i32,
    pub(crate) fetched: i32,
    pub(crate) unchanged: i32,
    /// New or changed, and submitted; of a dry run only found to be so.
    pub(crate) ingested: i32,
    pub(crate) skipped: i32,
    pub(crate) failed: i32,
    pub(crate) deleted: i32,
    /// What its job's result is; null until it has ended.
    #[schema(value_type = Option<jobs::kinds::SyncedSource>, required = true)]
    pub(crate) result: Option<Value>,
    pub(crate) started_at: DateTime<Utc>,
    /// Null: it runs, or its job ended without it.
    #[schema(required = true)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl SourceSyncObject {
    /// With its job, as long as that is kept.
    pub(crate) fn of(sync: Sync, job: Option<&Job>) -> Self {
        Self {
            id: sync.id.0,
            state: job.map(|job| job.state),
            attempt: job.map(|job| job.attempt),
            max_attempts: job.map(|job| job.max_attempts),
            run_at: job.map(|job| job.run_at),
            error: job.and_then(|job| job.error.clone()),
            dry_run: sync.dry_run,
            found: sync.found,
            continued: sync.continued,
            fetched: sync.fetched,
            unchanged: sync.unchanged,
            ingested: sync.ingested,
            skipped: sync.skipped,
            failed: sync.failed,
            deleted: sync.deleted,
            result: sync.result,
            started_at: sync.started_at,
            ended_at: sync.ended_at,
        }
    }
}

/// Something that was found at a source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceItem)]
pub(crate) struct SourceItemObject {
    pub(crate) url: String,
    /// `waiting`, `ingested`, `changed`, `unchanged`, `skipped`, `failed` or `gone`.
    pub(crate) status: String,
    /// Why it was skipped, failed or is gone.
    #[schema(required = true, example = "robots")]
    pub(crate) reason: Option<String>,
    /// What the page calls itself: the `external_id` of its document. Of a redirect, where that leads.
    #[schema(required = true)]
    pub(crate) canonical_url: Option<String>,
    #[schema(required = true)]
    pub(crate) document_id: Option<Uuid>,
    /// Of its document, by now; null where it has none.
    #[schema(value_type = Option<DocumentStateName>, required = true)]
    pub(crate) document_state: Option<DocumentState>,
    /// Why its document failed.
    #[schema(value_type = Option<JobError>, required = true)]
    pub(crate) document_error: Option<Value>,
    /// The last sync that saw it.
    pub(crate) sync_id: Uuid,
    #[schema(required = true)]
    pub(crate) checked_at: Option<DateTime<Utc>>,
}

impl From<(Item, Option<Document>)> for SourceItemObject {
    fn from((item, document): (Item, Option<Document>)) -> Self {
        Self {
            document_state: document.as_ref().map(Document::state),
            document_error: document.and_then(|document| document.error),
            url: item.url,
            status: item.status,
            reason: item.reason,
            canonical_url: item.canonical_url,
            document_id: item.document_id.map(|id| id.0),
            sync_id: item.sync_id.0,
            checked_at: item.checked_at,
        }
    }
}
