use crate::extract::{Authorized, EvaluationsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::TestQuestionId;

/// Delete a question of a test set
///
/// With its judgements. The figures of evaluations that asked it stay as they are.
#[utoipa::path(
    delete,
    path = "/v1/test-questions/{id}",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The question.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such question."),
    )
)]
pub(crate) async fn delete_test_question(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(id): PathId<TestQuestionId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::test_sets::delete_question(tx, id).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
