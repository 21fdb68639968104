use crate::extract::{Authorized, JobsWrite, PathId};
use crate::views::{FullJob, JobObject};
use crate::work::found_job;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jobs::{Dispatch, Pool};
use store::JobId;
use store::jobs::Dispatchable;

/// Retry a job
///
/// Only one that is dead or cancelled. It is queued again as a new run, whose attempts count from 0. Takes no body.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/retry",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 202, description = "The job, queued.", body = JobObject),
        (status = 404, description = "There is no such job."),
        (status = 409, description = "The job is neither dead nor cancelled."),
    )
)]
pub(crate) async fn retry_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<JobId>,
) -> Result<(StatusCode, Json<JobObject>), Problem> {
    let reader = &caller;
    let (queued, job) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let queued = store::jobs::retry(tx, id).await?;
            Ok::<_, Problem>((queued, FullJob::find(tx, reader, id).await?))
        })
        .await?;
    if let Some(dispatch) = dispatch(&queued) {
        state.queue.push(&[dispatch]).await;
    }
    state.queue.announce_changes(&[id]).await;
    Ok((StatusCode::ACCEPTED, found_job(&job)))
}

/// A pool that this version does not know is left to the reconciler of one that does.
fn dispatch(queued: &Dispatchable) -> Option<Dispatch> {
    let pool: Pool = queued.pool.parse().ok()?;
    Some(Dispatch {
        id: queued.id,
        tenant: queued.tenant_id,
        pool,
        priority: queued.priority,
    })
}
