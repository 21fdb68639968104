use super::configuration::AskedConfiguration;
use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, JsonBody, PathId, WorkOptions};
use crate::routes::reranker_choice::check_reranker;
use crate::views::EvaluationJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::kinds::{EvaluateRetrieval, SearchConfiguration};
use jobs::{EnqueueOptions, Enqueued, FieldError};
use serde_json::Value;
use std::sync::Arc;
use store::knowledge_bases::KnowledgeBaseHead;
use store::{EvaluationId, JobId, TenantTx, TestSetId};
use utoipa::ToSchema;

/// What to evaluate.
#[derive(ToSchema)]
pub(crate) struct StartEvaluation {
    /// One, or two that are compared: the second against the first. By default one that says nothing: how the knowledge base is searched now.
    #[schema(min_items = 1, max_items = 2, required = false)]
    configurations: Vec<AskedConfiguration>,
}

impl FromFields for StartEvaluation {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let Some(value) = fields.value("configurations") else {
            return Some(Self {
                configurations: vec![AskedConfiguration::default()],
            });
        };
        Some(Self {
            configurations: fields.list("configurations", value, 1..=2, |fields, name, item| {
                fields.nested(name, item)
            })?,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        let asked = fields.peek("configurations").and_then(Value::as_array);
        let named = asked
            .into_iter()
            .flatten()
            .enumerate()
            .filter_map(|(at, configuration)| {
                let name = configuration.get("reranker")?.as_str()?;
                Some((at, check_reranker(&settings.models, name).err()?))
            });
        for (at, (code, message)) in named.collect::<Vec<_>>() {
            fields.error(&format!("configurations.{at}.reranker"), code, message);
        }
    }
}

struct Start {
    set: TestSetId,
    configurations: Vec<AskedConfiguration>,
    settings: Arc<Settings>,
}

impl Begin for Start {
    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let set = store::test_sets::find(tx, self.set).await?;
        let head = store::knowledge_bases::heads(tx, &[set.knowledge_base_id]).await?.pop();
        let KnowledgeBaseHead { base, other, .. } = head.ok_or_else(|| Problem::not_found("knowledge base"))?;
        let mut configurations: Vec<SearchConfiguration> = Vec::new();
        let mut errors: Vec<FieldError> = Vec::new();
        for (at, asked) in self.configurations.into_iter().enumerate() {
            match asked.resolve(&self.settings, &base, other.as_ref()) {
                Ok(configuration) => configurations.push(configuration),
                Err(error) => errors.push(FieldError {
                    field: format!("configurations.{at}.{}", error.field),
                    ..error
                }),
            }
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        if set.scorable == 0 {
            return Err(Problem::new(
                ProblemCode::Conflict,
                "The test set has no question with a relevant document: there is nothing to score. Judge some first.",
            ));
        }
        let id = options.id.unwrap_or_else(JobId::generate);
        let stored = serde_json::to_value(&configurations).map_err(|error| Problem::internal(&error))?;
        store::evaluations::create(tx, EvaluationId::of_job(id), (base.id, set.id), &stored).await?;
        let job = EvaluateRetrieval {
            test_set_id: set.id,
            configurations,
        };
        let options = EnqueueOptions {
            id: Some(id),
            ..options
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Evaluate
///
/// The job that asks every question of the test set that has a relevant document, under each configuration, and scores what is found. It goes
/// on where it was when its worker is lost. The evaluation has the job's id.
#[utoipa::path(
    post,
    path = "/v1/test-sets/{id}/evaluations",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(
        ("id" = Uuid, Path, description = "The test set."),
        ("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 30, for the job's end."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept 24 hours."),
    ),
    request_body = StartEvaluation,
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = EvaluationJob),
        (status = 202, description = "The job.", body = EvaluationJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "There is no such test set."),
        (status = 409, description = "The set has no question that can be scored, or the idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown, or a reranker cannot be had."),
    )
)]
pub(crate) async fn start_evaluation(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(set): PathId<TestSetId>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<StartEvaluation>,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    let start = Start {
        set,
        configurations: value.configurations,
        settings: state.settings.clone(),
    };
    start_work(&state, request, start).await
}
