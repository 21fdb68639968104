use crate::extract::{Authorized, JobsRead, PathId};
use crate::views::BatchObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::BatchId;

/// Show a batch
///
/// With how many of its jobs have ended, and how; `GET /v1/jobs?parent_id=` lists them.
#[utoipa::path(
    get,
    path = "/v1/batches/{id}",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("id" = Uuid, Path, description = "The batch.")),
    responses(
        (status = 200, description = "The batch.", body = BatchObject),
        (status = 404, description = "There is no such batch."),
    )
)]
pub(crate) async fn show_batch(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<BatchId>,
) -> Result<Json<BatchObject>, Problem> {
    caller.refuse_publishable()?;
    let batch = state
        .store
        .tenant(caller.tenant(), async move |tx| store::batches::find(tx, id).await)
        .await?;
    Ok(Json(batch.into()))
}
