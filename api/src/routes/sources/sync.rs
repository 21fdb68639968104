use crate::extract::{Authorized, Fields, FromFields, KnowledgeWrite, OptionalJsonBody, PathId, WorkOptions};
use crate::views::SourceSyncJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::{SourceId, TenantTx};
use utoipa::ToSchema;

/// How to sync.
#[derive(Debug, ToSchema)]
pub(crate) struct SyncOptions {
    /// Look, and change nothing; false by default.
    dry_run: Option<bool>,
    /// Delete also where a sync would think better of it: more than half of the documents, after a sync that did not see everything; false by default.
    force_deletions: Option<bool>,
}

impl FromFields for SyncOptions {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            dry_run: fields.optional_bool("dry_run"),
            force_deletions: fields.optional_bool("force_deletions"),
        })
    }
}

struct SyncSource {
    source: SourceId,
    dry_run: bool,
    force_deletions: bool,
}

impl Begin for SyncSource {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        store::sources::find(tx, self.source).await?;
        let job = kinds::SyncSource {
            source_id: self.source,
            dry_run: self.dry_run,
            force_deletions: self.force_deletions,
        };
        let options = EnqueueOptions {
            // The same again while it has not ended is the one that has not.
            unique_key: Some(format!(
                "sync_source:{}:{}:{}",
                self.source, self.dry_run, self.force_deletions
            )),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Sync a source
///
/// Looks at what is there, and brings its documents up to date: new and changed pages are submitted, and those that are gone are deleted. The job goes on
/// where it was when its worker is lost.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/sync",
    tag = "Sources",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The source."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body(content = SyncOptions, description = "May be left out."),
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = SourceSyncJob),
        (status = 202, description = "The job; one that was started in the same way and has not ended is returned as it is.", body = SourceSyncJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn sync_source(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(source): PathId<SourceId>,
    options: WorkOptions,
    OptionalJsonBody(asked): OptionalJsonBody<SyncOptions>,
) -> Result<Response, Problem> {
    let (dry_run, force_deletions) = (asked.dry_run.unwrap_or(false), asked.force_deletions.unwrap_or(false));
    let mut body_hash = [0; 32];
    body_hash[0] = u8::from(dry_run);
    body_hash[1] = u8::from(force_deletions);
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash,
    };
    let sync = SyncSource {
        source,
        dry_run,
        force_deletions,
    };
    start_work(&state, request, sync).await
}
