use crate::extract::{Authorized, JobsRead, OnePage, PathId, Query};
use crate::views::{Page, StepObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::JobId;
use store::jobs::{attempts_of, find, steps_of};

/// List a job's steps
///
/// In the order in which they are taken, each as it went last. What is written down of a running job is up to a quarter of a second old.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/steps",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("id" = Uuid, Path, description = "The job."),
        ("limit" = Option<i64>, Query, description = "1 to 100. Changes nothing: the list is one page."),
    ),
    responses(
        (status = 200, description = "All of them; none where the kind is one piece.", body = Page<StepObject>),
        (status = 400, description = "A parameter is wrong or unknown."),
        (status = 403, description = "The key is publishable, or lacks the scope."),
        (status = 404, description = "There is no such job."),
    )
)]
pub(crate) async fn list_steps(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
    _page: Query<OnePage>,
) -> Result<Json<Page<StepObject>>, Problem> {
    caller.refuse_publishable()?;
    let steps = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let job = find(tx, id).await?;
            let recorded = steps_of(tx, id).await?;
            let attempts = attempts_of(tx, std::slice::from_ref(&job)).await?;
            Ok::<_, Problem>(StepObject::all(&job, recorded, &attempts))
        })
        .await?;
    Ok(Json(Page::whole(steps)))
}
