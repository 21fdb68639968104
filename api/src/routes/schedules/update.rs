use super::fields::UpdateSchedule;
use super::settings::Settings;
use crate::extract::{Authorized, JobsWrite, JsonBody, PathId, Unread};
use crate::views::ScheduleObject;
use crate::work::require_named;
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::ScheduleId;
use store::schedules::Schedule;

/// Change a schedule
///
/// Every field is optional; what is absent stays, and `null` takes a field back to its default (RFC 7396). Other ticks, or enabling it, count from now on: what passed before was not missed.
#[utoipa::path(
    patch,
    path = "/v1/schedules/{id}",
    tag = "Schedules",
    security(("api_key" = ["jobs:write"])),
    params(("id" = Uuid, Path, description = "The schedule.")),
    request_body = UpdateSchedule,
    responses(
        (status = 200, description = "The schedule as it is now.", body = ScheduleObject),
        (status = 404, description = "There is no such schedule."),
        (status = 409, description = "A schedule of this name exists."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The kind is unknown, or fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<ScheduleId>,
    JsonBody { value, .. }: JsonBody<Unread>,
) -> Result<Json<ScheduleObject>, Problem> {
    let (catalogue, changer) = (&state.catalogue, &caller);
    let schedule = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = store::schedules::lock(tx, id).await?;
            let now = store::schedules::now(tx).await?;
            let settings = Settings::read(value.fields(), Some(&before), catalogue, now)?;
            changer.require(settings.entry.scope)?;
            require_named(tx, &settings.entry, &settings.payload, "").await?;
            let ticks_on = before.enabled && settings.enabled && !settings.has_other_ticks(&before);
            let (next_tick, due_at) = if ticks_on {
                (before.next_tick, before.due_at)
            } else {
                settings.next(id, now)?.map(|next| (next.tick, next.due_at)).unzip()
            };
            let changed = Schedule {
                name: settings.name,
                cron: settings.cron,
                time_zone: settings.time_zone,
                kind: settings.kind.to_owned(),
                payload: settings.payload,
                priority: settings.priority,
                max_attempts: settings.max_attempts,
                jitter_secs: settings.jitter_secs,
                catch_up: settings.catch_up,
                overlap: settings.overlap,
                enabled: settings.enabled,
                next_tick,
                due_at,
                ..before
            };
            Ok::<_, Problem>(store::schedules::update(tx, changed).await?)
        })
        .await?;
    Ok(Json(schedule.into()))
}
