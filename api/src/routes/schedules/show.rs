use crate::extract::{Authorized, JobsRead, PathId};
use crate::views::{FiringObject, ScheduleDetails, etag};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::ETAG;
use store::ScheduleId;

/// Firings that are shown.
const SHOWN: i64 = 10;

/// Show a schedule
///
/// With its next tick, its latest job, and what became of its ten latest ticks.
#[utoipa::path(
    get,
    path = "/v1/schedules/{id}",
    tag = "Schedules",
    security(("api_key" = ["jobs:read"])),
    params(("id" = Uuid, Path, description = "The schedule.")),
    responses(
        (status = 200, description = "The schedule.", body = ScheduleDetails, headers(("ETag" = String, description = "Of the schedule, for If-Match."))),
        (status = 404, description = "There is no such schedule."),
    )
)]
pub(crate) async fn show_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<ScheduleId>,
) -> Result<([(HeaderName, String); 1], Json<ScheduleDetails>), Problem> {
    caller.refuse_publishable()?;
    let details = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let schedule = store::schedules::find(tx, id).await?;
            let last_fired = store::schedules::last_fired(tx, id).await?;
            let firings = store::schedules::list_firings(tx, id, SHOWN).await?;
            Ok::<_, Problem>(ScheduleDetails {
                schedule: schedule.into(),
                last_fired: last_fired.map(FiringObject::from),
                firings: firings.into_iter().map(FiringObject::from).collect(),
            })
        })
        .await?;
    // Of the schedule alone: a tick is no change of it by anybody.
    let tag = etag(&details.schedule)?;
    Ok(([(ETAG, tag)], Json(details)))
}
