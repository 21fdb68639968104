use crate::extract::{Authorized, Fields, FromFields, KnowledgeWrite, OptionalJsonBody, PathId, WorkOptions};
use crate::routes::collections::hold_named;
use crate::views::ReingestJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::kinds::{ReingestDocuments, ReingestState};
use jobs::{EnqueueOptions, Enqueued, FieldError};
use sha2::{Digest, Sha256};
use store::{CollectionId, KnowledgeBaseId, SourceId, StoreError, TenantTx, knowledge_bases, sources};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which documents are ingested again; all that is given must hold.
#[derive(Debug, ToSchema)]
#[schema(as = ReingestFields)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct ReingestBody {
    /// `ready` or `failed`; both by default.
    state: Option<String>,
    /// Such as `application/pdf`; without parameters, those with any.
    #[schema(min_length = 1, max_length = 200)]
    mime_type: Option<String>,
    /// Those that come from this source of the base.
    source_id: Option<Uuid>,
    /// Those that are in this collection of the base.
    collection_id: Option<Uuid>,
}

#[derive(Default)]
pub(crate) struct Which {
    state: Option<ReingestState>,
    mime_type: Option<String>,
    source_id: Option<SourceId>,
    collection_id: Option<CollectionId>,
}

impl FromFields for Which {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            state: fields.optional_choice("state", &ReingestState::ALL.map(|state| (state.as_str(), state))),
            mime_type: fields.optional_text("mime_type", 1..=200),
            source_id: fields.optional_id("source_id").map(SourceId),
            collection_id: fields.optional_id("collection_id").map(CollectionId),
        })
    }
}

struct ReingestMany(ReingestDocuments);

impl Begin for ReingestMany {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let ReingestMany(job) = self;
        knowledge_bases::find(tx, job.knowledge_base_id).await?;
        if let Some(source) = job.source_id {
            let is_of_base = match sources::find(tx, source).await {
                Ok(source) => source.knowledge_base_id == job.knowledge_base_id,
                Err(StoreError::NotFound { .. }) => false,
                Err(error) => return Err(error.into()),
            };
            if !is_of_base {
                let error = FieldError::new("source_id", "not_found", "names no source of this knowledge base");
                return Err(Problem::not_found_in(vec![error]));
            }
        }
        hold_named(tx, job.knowledge_base_id, job.collection_id).await?;
        let options = EnqueueOptions {
            // The same again while it has not ended is the one that has not.
            unique_key: Some(format!("reingest_documents:{}", described(&job))),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Ingest a knowledge base's documents again
///
/// All of them, or those that the body names: each as `POST /v1/documents/{id}/reingest` does, by a job of its own, which is of the lowest priority among the tenant's. The job of this request
/// ends when all are submitted. Documents that wait to be ingested, or were submitted since the request, are left alone.
#[utoipa::path(
    post,
    path = "/v1/knowledge-bases/{id}/reingest",
    tag = "Documents",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body(content = ReingestBody, description = "May be left out."),
    responses(
        (status = 200, description = "The job has ended: the documents are submitted.", body = ReingestJob),
        (status = 202, description = "The job; one for the same documents that has not ended is returned as it is.", body = ReingestJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such knowledge base, or no such source or collection in it."),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown."),
    )
)]
pub(crate) async fn reingest_documents(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    options: WorkOptions,
    OptionalJsonBody(which): OptionalJsonBody<Which>,
) -> Result<Response, Problem> {
    let job = ReingestDocuments {
        knowledge_base_id: base,
        state: which.state,
        mime_type: which.mime_type,
        source_id: which.source_id,
        collection_id: which.collection_id,
    };
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: Sha256::digest(described(&job)).into(),
    };
    start_work(&state, request, ReingestMany(job)).await
}

/// The same for the same documents.
fn described(job: &ReingestDocuments) -> String {
    let state = job.state.map_or("any", ReingestState::as_str);
    let source = job
        .source_id
        .map_or_else(|| "any".to_owned(), |source| source.to_string());
    let collection = job.collection_id.map_or_else(|| "any".to_owned(), |id| id.to_string());
    let mime_type = job.mime_type.as_deref().unwrap_or("any").to_lowercase();
    format!("{}:{state}:{source}:{collection}:{mime_type}", job.knowledge_base_id)
}
