use super::collections::asked_collections;
use super::filter::{check_filter_of, read_filter};
use super::knowledge_base_heads::asked_bases;
use super::principal::Principal;
use super::reranker_choice::RerankWish;
use crate::extract::{AnswersRead, Authorized, Fields, FromFields, JsonBody, WorkOptions};
use crate::views::AnswerJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::kinds::{AnswerQuestion, Viewer};
use jobs::{EnqueueOptions, Enqueued};
use serde_json::Value;
use std::sync::Arc;
use store::TenantTx;
use utoipa::ToSchema;
use uuid::Uuid;

/// A question.
#[derive(Debug, ToSchema)]
pub(crate) struct AnswerRequest {
    /// Each once.
    #[schema(min_items = 1, max_items = 20)]
    knowledge_base_ids: Vec<Uuid>,
    #[schema(min_length = 1, max_length = 2000)]
    question: String,
    /// Only documents whose metadata is like it are read, as in a search; at most 16 KiB.
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// Only documents in one of these collections of the asked knowledge bases are read.
    #[schema(min_items = 1, max_items = 100)]
    collection_ids: Option<Vec<Uuid>>,
    /// Not with a publishable key.
    principal: Option<Principal>,
}

impl FromFields for AnswerRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let knowledge_base_ids = fields.ids("knowledge_base_ids", 1..=20);
        let question = fields.text("question", 1..=2000);
        let filter = read_filter(fields);
        let collection_ids = fields.optional_ids("collection_ids", 1..=100);
        let principal = Principal::read(fields);
        Some(Self {
            knowledge_base_ids: knowledge_base_ids?,
            question: question?,
            filter,
            collection_ids,
            principal,
        })
    }
}

struct Ask {
    request: AnswerRequest,
    viewer: Viewer,
    settings: Arc<Settings>,
}

impl Begin for Ask {
    const INTERACTIVE: bool = true;

    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let bases = asked_bases(tx, &self.request.knowledge_base_ids).await?;
        let collections = asked_collections(tx, &bases.at, self.request.collection_ids).await?;
        let reranker = RerankWish::default().choose(&self.settings, &bases.settings);
        let job = AnswerQuestion {
            knowledge_bases: bases.at,
            reranker: reranker.map_err(|error| Problem::invalid(vec![error]))?,
            question: self.request.question,
            filter: self.request.filter,
            collections,
            viewer: self.viewer,
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Ask a question
///
/// Answers from the knowledge bases, with a citation for each sentence, each sentence checked against its sources; or abstains and says
/// why. Waits up to 10 seconds unless told otherwise.
#[utoipa::path(
    post,
    path = "/v1/answers",
    tag = "Search and answers",
    security(("api_key" = ["answers:read"])),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N` (at most 30 seconds) or `respond-async`."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept one hour."),
    ),
    request_body = AnswerRequest,
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = AnswerJob),
        (status = 202, description = "The job has not ended yet.", body = AnswerJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "A knowledge base or a collection does not exist."),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn answer_question(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<AnswersRead>,
    options: WorkOptions,
    JsonBody { mut value, hash }: JsonBody<AnswerRequest>,
) -> Result<Response, Problem> {
    let viewer = caller.viewer(value.principal.take().map(Principal::into_parts))?;
    check_filter_of(&caller, value.filter.as_ref())?;
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    let ask = Ask {
        request: value,
        viewer,
        settings: state.settings.clone(),
    };
    start_work(&state, request, ask).await
}
