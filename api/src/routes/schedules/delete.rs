use crate::extract::{Authorized, JobsWrite, PathId};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::ScheduleId;

/// Delete a schedule
///
/// It fires no more. The jobs that it made stay.
#[utoipa::path(
    delete,
    path = "/v1/schedules/{id}",
    tag = "Schedules",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The schedule.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such schedule."),
    )
)]
pub(crate) async fn delete_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<ScheduleId>,
) -> Result<StatusCode, Problem> {
    state
        .store
        .tenant(caller.tenant(), async move |tx| store::schedules::delete(tx, id).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
