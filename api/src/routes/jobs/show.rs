use crate::extract::{Authorized, JobsRead, PathId};
use crate::views::{FullJob, JobObject};
use crate::work::found_job;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::JobId;

/// Show a job
///
/// To a publishable key only the jobs exist that it submitted.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 200, description = "The job.", body = JobObject),
        (status = 404, description = "There is no such job, or it is over and forgotten."),
    )
)]
pub(crate) async fn show_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
) -> Result<Json<JobObject>, Problem> {
    Ok(found_job(&FullJob::read(&state, &caller, id).await?))
}
