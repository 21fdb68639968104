use crate::extract::{Authorized, JobsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::PauseId;

/// Resume jobs
///
/// Ends a pause of the tenant's own: what it held back is due within a second or so. What the operator has paused, the operator resumes.
#[utoipa::path(
    delete,
    path = "/v1/pauses/{id}",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The pause.")),
    responses(
        (status = 204, description = "It is over."),
        (status = 404, description = "There is no such pause."),
    )
)]
pub(crate) async fn delete_pause(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<PauseId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| store::pauses::delete(tx, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
