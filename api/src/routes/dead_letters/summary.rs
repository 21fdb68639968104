use crate::extract::{Authorized, JobsRead, OnePage, Query};
use crate::views::{DeadGroupObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::jobs::dead_summary;

/// Sum up dead letters
///
/// By kind and error, the most first, with a warning where the same keeps dying. Of the newest 10,000 that were not discarded.
#[utoipa::path(
    get,
    path = "/v1/dead-letters/summary",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All groups, on one page.", body = Page<DeadGroupObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn summarize_dead_letters(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<DeadGroupObject>>, Problem> {
    caller.refuse_publishable()?;
    let groups = state
        .store
        .tenant(caller.tenant(), async move |tx| dead_summary(tx).await)
        .await?;
    Ok(Json(Page::whole(
        groups.into_iter().map(DeadGroupObject::from).collect(),
    )))
}
