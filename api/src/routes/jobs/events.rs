use super::event_stream::EventStream;
use crate::extract::{Authorized, JobsRead, PathId};
use crate::views::FullJob;
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use store::JobId;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follow a job
///
/// Sends `state` when the job's state changed and `progress` when only its progress did; the data is the job. Starts with the job as it
/// is, unless `Last-Event-ID` says that the client has seen it, and closes after the end state.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/events",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("id" = Uuid, Path, description = "The job."),
        ("Last-Event-ID" = Option<i32>, Header, description = "The id of the last event that was received."),
    ),
    responses(
        (status = 200, description = "The events, as they come.", content_type = "text/event-stream", body = String,
         example = "id: 7\nevent: state\ndata: {\"id\": \"…\", \"state\": \"succeeded\", …}\n\n"),
        (status = 404, description = "There is no such job."),
    )
)]
pub(crate) async fn follow_job(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let full =
        || Problem::unavailable("Too many event streams are open. Ask for the job itself, or try again in a moment.");
    let open = state.event_streams.open(caller.tenant()).ok_or_else(full)?;
    // Watched before it is read: no change in between goes unheard.
    let watcher = state.changes.watch(id);
    let first = FullJob::read(&state, &caller, id).await?;
    let seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.trim().parse().ok());
    let events = EventStream::new(state, caller, watcher, open, first, seen).into_stream();
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    // Proxies that buffer would hold events back.
    response
        .headers_mut()
        .insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}
