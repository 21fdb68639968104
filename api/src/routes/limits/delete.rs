use crate::extract::{Authorized, JobsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::LimitId;

/// Lift a limit
///
/// Ends one of the tenant's own limits, within a second or two. Those of the operator have no id and stay.
#[utoipa::path(
    delete,
    path = "/v1/limits/{id}",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The limit.")),
    responses(
        (status = 204, description = "It is lifted."),
        (status = 404, description = "There is no such limit."),
    )
)]
pub(crate) async fn delete_limit(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<LimitId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| store::limits::delete(tx, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
