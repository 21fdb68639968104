use crate::extract::{Authorized, JobsWrite, PathId};
use crate::views::BatchObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use store::BatchId;

/// Cancel a batch
///
/// What follows it is cancelled at once, and within a second every job of it that has not ended: those that run are told to stop. It takes
/// no more jobs, and ends when the last of them has.
#[utoipa::path(
    post,
    path = "/v1/batches/{id}/cancel",
    tag = "Jobs",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The batch.")),
    responses(
        (status = 202, description = "The batch as it is now.", body = BatchObject),
        (status = 404, description = "There is no such batch."),
        (status = 409, description = "The batch has ended."),
    )
)]
pub(crate) async fn cancel_batch(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<BatchId>,
) -> Result<(StatusCode, Json<BatchObject>), Problem> {
    let batch = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::batches::stop(tx, id).await?;
            store::batches::find(tx, id).await
        })
        .await?;
    state.queue.announce_changes(&[id.as_job()]).await;
    Ok((StatusCode::ACCEPTED, Json(batch.into())))
}
