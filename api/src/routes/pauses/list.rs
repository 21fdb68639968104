use crate::extract::{Authorized, JobsRead, OnePage, Query};
use crate::views::{Page, PauseObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;

/// List pauses
///
/// What the tenant has paused, and what the operator has paused of it, newest first. What the operator has paused for everybody shows in a job's `why`.
#[utoipa::path(
    get,
    path = "/v1/pauses",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All of them: at most one a kind of each.", body = Page<PauseObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn list_pauses(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<PauseObject>>, Problem> {
    caller.refuse_publishable()?;
    let pauses = state
        .store
        .tenant(caller.tenant(), async move |tx| store::pauses::list(tx).await)
        .await?;
    Ok(Json(Page::whole(pauses.into_iter().map(PauseObject::from).collect())))
}
