use super::retry::dispatch;
use crate::extract::{Authorized, JobsWrite, PathId};
use crate::views::{FullJob, JobObject};
use crate::work::found_job;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::JobId;

/// Run a job now
///
/// One that waits: for its time, its next attempt or the end of a pause. It is due at once and makes its next attempt although it is paused, unless the operator has paused
/// this tenant; the others wait on.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/run",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 202, description = "The job, queued.", body = JobObject),
        (status = 404, description = "There is no such job."),
        (status = 409, description = "The job runs, has ended, or follows a batch that has not."),
    )
)]
pub(crate) async fn run_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<JobId>,
) -> Result<(StatusCode, Json<JobObject>), Problem> {
    let reader = &caller;
    let (queued, job) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            reader.may_see(&store::jobs::find(tx, id).await?)?;
            let queued = store::jobs::force(tx, id).await?;
            Ok::<_, Problem>((queued, FullJob::find(tx, reader, id).await?))
        })
        .await?;
    if let Some(dispatch) = dispatch(&queued) {
        state.queue.push(&[dispatch]).await;
    }
    state.queue.announce_changes(&[id]).await;
    Ok((StatusCode::ACCEPTED, found_job(&job)))
}
