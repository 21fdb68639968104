use super::fields::CreateSchedule;
use super::settings::Settings;
use crate::extract::{Authorized, JobsWrite, JsonBody, Unread, WorkOptions};
use crate::views::ScheduleObject;
use crate::work::{self, require_named, still_there, take_key};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use chrono::Utc;
use store::ScheduleId;
use store::schedules::NewSchedule;

/// Make a schedule
///
/// It submits a job at each tick of a cron expression, exactly once, whichever and however many workers run. With an Idempotency-Key the
/// same request answers with the same schedule for 24 hours.
#[utoipa::path(
    post,
    path = "/v1/schedules",
    tag = "Schedules",
    security(("api_key" = ["jobs:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again.")),
    request_body = CreateSchedule,
    responses(
        (status = 201, description = "The schedule.", body = ScheduleObject, headers(("Location" = String, description = "Where it is."))),
        (status = 409, description = "A schedule of this name exists, there are 1000 already, or the idempotency key was used for another request, or for a schedule that was deleted since."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The kind is unknown, or fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn create_schedule(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsWrite>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<Unread>,
) -> Result<(StatusCode, HeaderMap, Json<ScheduleObject>), Problem> {
    // This clock only tells how close the ticks come to each other.
    let settings = Settings::read(value.fields(), None, state.submittable(), Utc::now())?;
    if let Some(entry) = &settings.entry {
        caller.require(entry.scope)?;
    }
    let id = ScheduleId::generate();
    let created_by = caller.key();
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    let request = &request;
    let (schedule, replayed) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            if let Some(existing) = take_key(tx, request, id.0).await? {
                let found = store::schedules::find(tx, ScheduleId(existing)).await;
                return Ok::<_, Problem>((still_there(found)?, true));
            }
            if let Some(entry) = &settings.entry {
                require_named(tx, entry, &settings.payload, "").await?;
            }
            let now = store::schedules::now(tx).await?;
            let new = NewSchedule {
                id,
                next: settings.next(id, now)?,
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
                created_by,
            };
            Ok((store::schedules::create(tx, new).await?, false))
        })
        .await?;
    let mut headers = HeaderMap::new();
    let location = format!("/v1/schedules/{}", schedule.id);
    let location = HeaderValue::from_str(&location).map_err(|error| Problem::internal(&error))?;
    headers.insert(header::LOCATION, location);
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok((StatusCode::CREATED, headers, Json(schedule.into())))
}
