use crate::extract::{Authorized, Caller, JobsRead, PathId};
use crate::views::WhyObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use jobs::{Place, Pool, Position, QueueError, Reached};
use std::time::Duration;
use store::JobId;
use store::jobs::Why;

/// How long Redis has to say where the job stands.
const ASK_INDEX: Duration = Duration::from_millis(500);

/// Say why a job does not run
///
/// Names what holds it back, and since when.
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
    let (position, reached) = match tokio::time::timeout(ASK_INDEX, stands(&state, reader, &why, id)).await {
        Ok(Ok((position, reached))) => (Some(position), reached),
        Ok(Err(_)) | Err(_) => (None, None),
    };
    Ok(Json(WhyObject::of(&why, position, reached.as_ref())))
}

/// Where the job is in the index, and what limits it there.
async fn stands(
    state: &ApiState,
    caller: &Caller,
    why: &Why,
    id: JobId,
) -> Result<(Position, Option<Reached>), QueueError> {
    let Ok(pool) = why.pool.parse::<Pool>() else {
        return Ok((Position::Absent, None));
    };
    let (queue, tenant) = (&state.queue, caller.tenant());
    let place = Place {
        priority: why.priority,
        tenant,
        kind: why.kind.clone(),
        knowledge_bases: why.knowledge_base_ids.clone(),
    };
    let position = queue.position(pool, &place, id).await?;
    Ok((position, queue.limit_reached(pool, tenant, &why.kind).await?))
}
