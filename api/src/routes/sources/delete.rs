use crate::extract::{Authorized, KnowledgeWrite, PathId, Query, WorkOptions};
use crate::routes::deletions::{KeepDocuments, with_receipt};
use crate::views::SourceDeletionJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::deletions::{NewDeletion, Target, accept};
use store::{SourceId, TenantTx};

struct DeleteSource {
    source: SourceId,
    keep_documents: bool,
}

impl Begin for DeleteSource {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let base = store::sources::begin_deletion(tx, self.source, !self.keep_documents).await?;
        let job = kinds::DeleteSource {
            source_id: self.source,
            keep_documents: self.keep_documents,
        };
        let by = options.created_by;
        let enqueued = jobs::enqueue(tx, &job, options).await?;
        let deletion = NewDeletion {
            job: enqueued.id,
            target: Target::Source(self.source),
            knowledge_base: base,
            requested_by: by,
        };
        accept(tx, deletion).await?;
        Ok(enqueued)
    }
}

/// Delete a source
///
/// It is gone for every reader at once, and a sync of it that runs ends; the job deletes the documents that came from it, unless they are to stay.
#[utoipa::path(
    delete,
    path = "/v1/sources/{id}",
    tag = "Sources",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The source."),
        ("keep_documents" = Option<bool>, Query, description = "True: the documents stay, and nothing brings them up to date any more."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = SourceDeletionJob),
        (status = 202, description = "The job.", body = SourceDeletionJob, headers(("Location" = String, description = "The job."), ("Link" = String, description = "The receipt of the deletion."))),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 404, description = "There is no such source, or it is being deleted."),
        (status = 409, description = "The idempotency key was used for another request."),
    )
)]
pub(crate) async fn delete_source(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(source): PathId<SourceId>,
    Query(KeepDocuments(keep_documents)): Query<KeepDocuments>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: [u8::from(keep_documents); 32],
    };
    let delete = DeleteSource { source, keep_documents };
    let response = start_work(&state, request, delete).await?;
    with_receipt(response)
}
