use crate::extract::{Authorized, JobsWrite, PathId};
use crate::views::{FullJob, JobObject};
use crate::work::found_job;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::JobId;
use store::jobs::CancelOutcome;

/// Cancel a job
///
/// A job that waits is cancelled at once. The worker of one that runs is told to stop; the job may still succeed before it hears. Where whether a call of the job took
/// effect is not known, it is not cancelled but dead with `effect_unknown`.
#[utoipa::path(
    post,
    path = "/v1/jobs/{id}/cancel",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 202, description = "The job as it is now.", body = JobObject),
        (status = 404, description = "There is no such job."),
        (status = 409, description = "The job has ended, or carries out a deletion."),
    )
)]
pub(crate) async fn cancel_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<JobId>,
) -> Result<(StatusCode, Json<JobObject>), Problem> {
    let reader = &caller;
    let (outcome, job) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let outcome = store::jobs::cancel(tx, id).await?;
            Ok::<_, Problem>((outcome, FullJob::find(tx, reader, id).await?))
        })
        .await?;
    if outcome == CancelOutcome::Dead {
        count_undecided(&job.job.kind);
    }
    match outcome {
        CancelOutcome::Requested => state.queue.announce_cancellation(&[id]).await,
        CancelOutcome::Ended | CancelOutcome::Dead => state.queue.announce_changes(&[id]).await,
    }
    Ok((StatusCode::ACCEPTED, found_job(&job)))
}

/// A job that is dead, since what came of one of its calls is not known, is for a person. To be called once that is committed.
pub(super) fn count_undecided(kind: &str) {
    metrics::counter!("jobs_dead_total", "kind" => kind.to_owned(), "cause" => "effect_unknown").increment(1);
}
