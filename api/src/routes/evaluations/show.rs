use crate::extract::{Authorized, EvaluationsRead, PathId};
use crate::views::EvaluationObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::EvaluationId;

/// Show an evaluation
///
/// Its configurations with every field filled in, and its figures once it has ended.
#[utoipa::path(
    get,
    path = "/v1/evaluations/{id}",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(("id" = Uuid, Path, description = "The evaluation.")),
    responses(
        (status = 200, description = "The evaluation.", body = EvaluationObject),
        (status = 404, description = "There is no such evaluation."),
    )
)]
pub(crate) async fn show_evaluation(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(id): PathId<EvaluationId>,
) -> Result<Json<EvaluationObject>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::evaluations::find(tx, id).await)
        .await?;
    Ok(Json(found.into()))
}
