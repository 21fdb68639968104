use crate::extract::{Authorized, DocumentSubmission, KnowledgeWrite, PathId, Submission, WorkOptions};
use crate::routes::collections::hold_named;
use crate::views::DocumentJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::{EnqueueOptions, Enqueued, FieldError, kinds};
use serde_json::Value;
use store::batches::{add, lock_open};
use store::documents::NewDocument;
use store::{BatchId, JobId, KnowledgeBaseId, StoreError, TenantTx};
use utoipa::ToSchema;
use uuid::Uuid;

/// A document as JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the extractor reads field by field")]
pub(crate) struct JsonDocument {
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    /// 25 MiB at most, unless the installation says otherwise.
    content: String,
    /// A format whose files are text, such as `text/markdown`, `text/html`, `text/plain`, `text/csv`, `application/json` or `message/rfc822`.
    #[schema(example = "text/markdown")]
    mime_type: String,
    /// Your own id: submitting it again replaces the document.
    #[schema(min_length = 1, max_length = 512)]
    external_id: Option<String>,
    /// At most 16 KiB and eight levels; searches filter by it. Without it, a document that is replaced keeps its own; `{}` is none.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// `{"public": true}`, or `{"users": […], "groups": […]}`. Without it, a document that is replaced keeps its own, and nobody but the tenant sees a new one, as with `{}`.
    #[schema(value_type = Option<Object>)]
    acl: Option<Value>,
    /// A collection of the knowledge base that it is put into. Without it, a document that is replaced stays in the one that it is in.
    collection_id: Option<Uuid>,
    /// An open batch, which counts the document's job.
    batch_id: Option<Uuid>,
}

/// A document as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the extractor reads field by field")]
pub(crate) struct DocumentForm {
    /// The document, in any format that is read. What it is its bytes decide; the part's media type and the file's name where these cannot tell.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The document's own title, or else the file's name, by default.
    title: Option<String>,
    external_id: Option<String>,
    /// JSON text. Without it, a document that is replaced keeps its own.
    metadata: Option<String>,
    /// JSON text. Without it, a document that is replaced keeps its own.
    acl: Option<String>,
    collection_id: Option<Uuid>,
    batch_id: Option<Uuid>,
}

struct SubmitDocument {
    base: KnowledgeBaseId,
    submission: Submission,
}

impl Begin for SubmitDocument {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let Self { base, submission } = self;
        // Not the foreign key alone: a base that is being deleted still has its row.
        store::knowledge_bases::find(tx, base).await?;
        let job_id = options.id.unwrap_or_else(JobId::generate);
        let new = NewDocument {
            knowledge_base_id: base,
            external_id: submission.external_id.as_deref(),
            collection_id: submission.collection_id,
            title: submission.title.as_deref(),
            mime_type: &submission.mime_type,
            file_name: submission.file_name.as_deref(),
            metadata: submission.metadata.as_ref(),
            acl: submission.acl.as_ref(),
            bytes: &submission.bytes,
            job_id,
        };
        hold_named(tx, base, submission.collection_id).await?;
        let submitted = store::documents::submit(tx, &new).await?;
        let job = kinds::IngestDocument {
            document_id: submitted.document_id,
            version: submitted.version,
        };
        let options = EnqueueOptions {
            id: Some(job_id),
            document_id: Some(submitted.document_id),
            parent_id: submission.batch_id,
            ..options
        };
        if let Some(batch) = submission.batch_id {
            join(tx, batch).await?;
        }
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Has the batch count one job more, which is made in this transaction.
async fn join(tx: &mut TenantTx, batch: BatchId) -> Result<(), Problem> {
    match lock_open(tx, batch, 1).await {
        Err(StoreError::NotFound { .. }) => Err(Problem::not_found_in(vec![FieldError::new(
            "batch_id",
            "not_found",
            "names no batch",
        )])),
        open => Ok(open?),
    }?;
    Ok(add(tx, batch, 1, false).await?)
}

/// Submit a document
///
/// Its row is there at once, and the job names it. The same `external_id` replaces the document: what was ready stays searchable until
/// the new version is, and what is not named of metadata, access list and collection stays as it is. Unchanged content ends with `result.unchanged`.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/documents",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body(content((JsonDocument = "application/json"), (DocumentForm = "multipart/form-data"))),
    responses(
        (status = 200, description = "The job has ended.", body = DocumentJob),
        (status = 202, description = "The job that ingests the document.", body = DocumentJob, headers(("Location" = String, description = "The job."))),
        (status = 400, description = "The body is not the JSON or the form that it says it is."),
        (status = 404, description = "There is no such knowledge base, no such collection in it, or no such batch."),
        (status = 409, description = "The batch takes no more jobs, or the idempotency key was used for another request."),
        (status = 413, description = "The document is larger than the installation takes, 25 MiB unless it says otherwise."),
        (status = 415, description = "The document is of a type that cannot be ingested."),
        (status = 422, description = "Fields are missing, wrong or unknown; or the content is empty, or text that holds NUL or is not in its encoding."),
    )
)]
pub(crate) async fn submit_document(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    options: WorkOptions,
    DocumentSubmission { submission, hash }: DocumentSubmission,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    start_work(&state, request, SubmitDocument { base, submission }).await
}
