use crate::extract::{Authorized, JobsRead, OnePage, Query};
use crate::views::{LimitObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;

/// List limits
///
/// What limits the tenant's jobs, newest first: its own limits, and what the operator has set.
#[utoipa::path(
    get,
    path = "/v1/limits",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page.")),
    responses(
        (status = 200, description = "All of them: a few for each kind and pool.", body = Page<LimitObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
    )
)]
pub(crate) async fn list_limits(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    _page: Query<OnePage>,
) -> Result<Json<Page<LimitObject>>, Problem> {
    caller.refuse_publishable()?;
    let limits = state
        .store
        .tenant(caller.tenant(), async move |tx| store::limits::list(tx).await)
        .await?;
    Ok(Json(Page::whole(limits.into_iter().map(LimitObject::from).collect())))
}
