use crate::extract::{Authorized, EvaluationsRead, PathId};
use crate::views::TestSetObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::TestSetId;

/// Show a test set
///
/// With how many questions it has, and how many of them are judged.
#[utoipa::path(
    get,
    path = "/v1/test-sets/{id}",
    tag = "Evaluation",
    security(("api_key" = ["evaluations:read"])),
    params(("id" = Uuid, Path, description = "The test set.")),
    responses(
        (status = 200, description = "The test set.", body = TestSetObject),
        (status = 404, description = "There is no such test set."),
    )
)]
pub(crate) async fn show_test_set(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<EvaluationsRead>,
    PathId(id): PathId<TestSetId>,
) -> Result<Json<TestSetObject>, Problem> {
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| store::test_sets::find(tx, id).await)
        .await?;
    Ok(Json(found.into()))
}
