use crate::extract::{Authorized, KnowledgeWrite, PathId, WorkOptions};
use crate::views::DocumentJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, kinds};
use store::documents::{self, DocumentState};
use store::{DocumentId, JobId, TenantTx};

struct Reingest(DocumentId);

impl Begin for Reingest {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let document = documents::lock(tx, self.0).await?;
        if document.state() == DocumentState::Pending {
            let detail = format!(
                "The document is being ingested already, by the job {}. Wait for its end, or cancel it.",
                document.job_id
            );
            return Err(Problem::new(ProblemCode::Conflict, detail));
        }
        let job_id = options.id.unwrap_or_else(JobId::generate);
        let job = kinds::IngestDocument {
            document_id: document.id,
            version: documents::reingest(tx, &document, job_id).await?,
        };
        let options = EnqueueOptions {
            id: Some(job_id),
            document_id: Some(document.id),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Ingest a document again
///
/// The bytes that are there, as they were submitted, although nothing of them has changed: what reads, recognises or cuts them may have. What was ready stays searchable
/// until this is. Chunks that come out the same are not embedded again.
#[utoipa::path(
    post,
    path = "/v1/documents/{id}/reingest",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The document."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    responses(
        (status = 200, description = "The job has ended.", body = DocumentJob),
        (status = 202, description = "The job that ingests the document.", body = DocumentJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such document, or it is being deleted."),
        (status = 409, description = "The document is being ingested, or the idempotency key was used for another request."),
    )
)]
pub(crate) async fn reingest_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<DocumentId>,
    options: WorkOptions,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: [0; 32],
    };
    start_work(&state, request, Reingest(id)).await
}
