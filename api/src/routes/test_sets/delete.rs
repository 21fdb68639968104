use crate::extract::{Authorized, EvaluationsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::TestSetId;

/// Delete a test set
///
/// With its questions and its evaluations. Not while it is the gate of its knowledge base.
#[utoipa::path(
    delete,
    path = "/v1/test-sets/{id}",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:write"])),
    params(("id" = Uuid, Path, description = "The test set.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such test set."),
        (status = 409, description = "It is the gate of its knowledge base."),
    )
)]
pub(crate) async fn delete_test_set(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsWrite>,
    PathId(id): PathId<TestSetId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| store::test_sets::delete(tx, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
