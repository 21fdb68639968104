use crate::extract::{Authorized, KnowledgeWrite, PathId, WorkOptions};
use crate::routes::deletions::with_receipt;
use crate::views::JobObject;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::deletions::{NewDeletion, Target, accept};
use store::{DocumentId, TenantTx};

struct Delete(DocumentId);

impl Begin for Delete {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let document = store::documents::find(tx, self.0).await?;
        store::documents::begin_deletion(tx, document.id).await?;
        let job = kinds::DeleteDocument {
            knowledge_base_id: document.knowledge_base_id,
            document_id: document.id,
        };
        let options = EnqueueOptions {
            document_id: Some(document.id),
            ..options
        };
        let by = options.created_by;
        let enqueued = jobs::enqueue(tx, &job, options).await?;
        let deletion = NewDeletion {
            job: enqueued.id,
            target: Target::Document(document.id),
            knowledge_base: document.knowledge_base_id,
            requested_by: by,
        };
        accept(tx, deletion).await?;
        Ok(enqueued)
    }
}

/// Delete a document
///
/// Its `external_id` is free at once; the job deletes its text, chunks and vectors, and takes it out of every index.
#[utoipa::path(
    delete,
    path = "/v1/documents/{id}",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = JobObject),
        (status = 202, description = "The job.", body = JobObject, headers(("Location" = String, description = "The job."), ("Link" = String, description = "The receipt of the deletion."))),
        (status = 404, description = "There is no such document, or it is being deleted."),
        (status = 409, description = "The idempotency key was used for another request."),
    )
)]
pub(crate) async fn delete_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<DocumentId>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let response = start_work(
        &state,
        work::Request {
            caller: &caller,
            options: &options,
            body_hash: [0; 32],
        },
        Delete(id),
    )
    .await?;
    with_receipt(response)
}
