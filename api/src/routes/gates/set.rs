use crate::extract::{Authorized, EvaluationsWrite, Fields, FromFields, JsonBody, PathId};
use crate::views::GateObject;
use crate::{ApiState, Problem, ProblemCode};
use axum::Json;
use axum::extract::State;
use jobs::FieldError;
use retrieval::evaluation::Metric;
use store::{KnowledgeBaseId, TestSetId, evaluations, knowledge_bases, test_sets};
use utoipa::ToSchema;
use uuid::Uuid;

/// With fewer no loss can be significant: two of 2^5 equally likely outcomes are more than 5 %.
pub(super) const LEAST_QUESTIONS: usize = 6;

/// A gate.
#[derive(Debug, ToSchema)]
pub(crate) struct SetGate {
    /// Of the knowledge base, with at least six questions that have a relevant document.
    test_set_id: Uuid,
    /// `ndcg@10` (default), `recall@10`, `recall@50` or `mrr@10`.
    metric: Option<String>,
    /// How much of it a change may lose on average; 0 by default.
    #[schema(minimum = 0, maximum = 1)]
    max_loss: Option<f64>,
}

impl FromFields for SetGate {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let id = fields.required_value("test_set_id").and_then(|value| {
            let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
            if id.is_none() {
                fields.error("test_set_id", "invalid", "must be an id");
            }
            id
        });
        let metrics = Metric::ALL.map(|metric| (metric.as_str(), metric.as_str()));
        let metric = fields.optional_choice("metric", &metrics);
        let max_loss = fields.optional_number("max_loss", 0.0..=1.0);
        Some(Self {
            test_set_id: id?,
            metric: metric.map(str::to_owned),
            max_loss,
        })
    }
}

/// Set the gate of a knowledge base
///
/// From then on its search settings change only to what has been evaluated against the present ones on this test set and does not lose
/// significantly there.
#[utoipa::path(
    put,
    path = "/v1/knowledge-bases/{id}/gate",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The knowledge base.")),
    request_body = SetGate,
    responses(
        (status = 200, description = "The gate.", body = GateObject),
        (status = 404, description = "There is no such knowledge base, or it has no such test set."),
        (status = 409, description = "The test set has too few questions that can be scored."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn set_gate(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(base): PathId<KnowledgeBaseId>,
    JsonBody { value, .. }: JsonBody<SetGate>,
) -> Result<Json<GateObject>, Problem> {
    let gate = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            knowledge_bases::find(tx, base).await?;
            let set = match test_sets::find(tx, TestSetId(value.test_set_id)).await {
                Ok(set) if set.knowledge_base_id == base => set,
                Ok(_) | Err(store::StoreError::NotFound { .. }) => {
                    let message = "names no test set of the knowledge base";
                    let error = FieldError::new("test_set_id", "not_found", message);
                    return Err(Problem::not_found_in(vec![error]));
                }
                Err(error) => return Err(error.into()),
            };
            if usize::try_from(set.scorable).unwrap_or(0) < LEAST_QUESTIONS {
                let detail = format!(
                    "The test set has {} questions with a relevant document. A gate needs at least {LEAST_QUESTIONS}: with fewer no loss can be significant.",
                    set.scorable
                );
                return Err(Problem::new(ProblemCode::Conflict, detail));
            }
            let metric = value.metric.as_deref().unwrap_or(Metric::NdcgAt10.as_str());
            let gate = evaluations::set_gate(tx, base, set.id, metric, value.max_loss.unwrap_or(0.0)).await?;
            Ok(GateObject::of(gate, evaluations::list_overrides(tx, base).await?))
        })
        .await?;
    Ok(Json(gate))
}
