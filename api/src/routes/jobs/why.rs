use crate::extract::{Authorized, JobsRead, PathId};
use crate::views::WhyObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::JobId;

/// Say why a job does not run
///
/// Names what holds it back, and since when; to a publishable key without details.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/why",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("id" = Uuid, Path, description = "The job.")),
    responses(
        (status = 200, description = "What it waits for.", body = WhyObject),
        (status = 404, description = "There is no such job."),
    )
)]
pub(crate) async fn explain_wait(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
) -> Result<Json<WhyObject>, Problem> {
    let reader = &caller;
    let why = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            reader.may_see(&store::jobs::find(tx, id).await?)?;
            Ok::<_, Problem>(store::jobs::why(tx, id).await?)
        })
        .await?;
    let why = WhyObject::now(&state.queue, caller.tenant(), id, &why).await;
    Ok(Json(if caller.is_publishable() {
        why.for_visitors()
    } else {
        why
    }))
}
