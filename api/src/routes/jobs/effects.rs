use crate::extract::{Authorized, JobsRead, OnePage, PathId, Query};
use crate::views::{EffectObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::{JobId, effects};

/// List a job's effects
///
/// The calls that the job made to the outside, oldest first, each with what is known of its outcome.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/effects",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("id" = Uuid, Path, description = "The job."),
        ("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page."),
    ),
    responses(
        (status = 200, description = "All of them: a job makes few.", body = Page<EffectObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 403, description = "The key is publishable, or lacks the scope."),
        (status = 404, description = "There is no such job."),
    )
)]
pub(crate) async fn list_effects(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
    _page: Query<OnePage>,
) -> Result<Json<Page<EffectObject>>, Problem> {
    caller.refuse_publishable()?;
    let found = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::jobs::find(tx, id).await?;
            Ok::<_, Problem>(effects::of_job(tx, id).await?)
        })
        .await?;
    Ok(Json(Page::whole(found.into_iter().map(EffectObject::from).collect())))
}
