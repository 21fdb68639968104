use super::fields::UpdateSchedule;
use super::settings::Settings;
use crate::extract::{Authorized, IfMatch, JobsWrite, JsonBody, PathId, Unread};
use crate::views::{ScheduleObject, Tagged, etag};
use crate::work::require_named;
use crate::{ApiState, Problem};
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
    params(
        ("id" = Uuid, Path, description = "The schedule."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the schedule as it was read."),
    ),
    request_body = UpdateSchedule,
    responses(
        (status = 200, description = "The schedule as it is now.", body = ScheduleObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such schedule."),
        (status = 409, description = "A schedule of this name exists."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The kind is unknown, or fields are wrong or unknown."),
    )
)]
pub(crate) async fn update_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    PathId(id): PathId<ScheduleId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<Unread>,
) -> Result<Tagged<ScheduleObject>, Problem> {
    let (what, changer, if_match) = (state.submittable(), &caller, &if_match);
    let schedule = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = store::schedules::lock(tx, id).await?;
            if_match.check(&etag(&ScheduleObject::from(before.clone()))?)?;
            let now = store::schedules::now(tx).await?;
            let settings = Settings::read(value.fields(), Some(&before), what, now)?;
            if let Some(entry) = &settings.entry {
                changer.require(entry.scope)?;
                require_named(tx, entry, &settings.payload, "").await?;
            }
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
                kind: settings.kind,
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
    Ok(Tagged(schedule.into()))
}
