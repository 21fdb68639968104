use crate::extract::{Caller, WorkOptions};
use crate::views::BatchObject;
use crate::{ApiState, Problem};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jobs::{AddedJobs, Watcher};
use std::time::Duration;
use store::BatchId;
use store::batches::Batch;
use tokio::time::{Instant, timeout_at};

/// Offers what was added to the workers, waits for as long as the client prefers, and answers as every endpoint does that starts work. `added`:
/// `None` when the request was seen before.
///
/// # Errors
/// [`Problem`].
pub(super) async fn answer(
    state: &ApiState,
    caller: &Caller,
    options: &WorkOptions,
    watcher: &Watcher,
    id: BatchId,
    added: Option<AddedJobs>,
) -> Result<Response, Problem> {
    let replayed = added.is_none();
    let added = added.unwrap_or_default();
    if !added.dispatches.is_empty() {
        state.queue.push(&added.dispatches).await;
    }
    let max_wait = state.settings.server.max_wait_secs;
    let wait = options.prefer.wait(0, max_wait);
    let batch = wait_for_end(state, caller, watcher, id, wait).await?;
    let status = if batch.has_ended() && (replayed || !wait.is_zero()) {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let mut response = (status, Json(BatchObject::with_existing(batch, added.existing))).into_response();
    let headers = response.headers_mut();
    let value = |text: String| HeaderValue::from_str(&text).map_err(|error| Problem::internal(&error));
    headers.insert(header::LOCATION, value(format!("/v1/batches/{id}"))?);
    if let Some(applied) = options.prefer.applied(max_wait) {
        headers.insert("preference-applied", value(applied)?);
    }
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The batch once it has ended, and what follows it has, or as it is after `wait`.
async fn wait_for_end(
    state: &ApiState,
    caller: &Caller,
    watcher: &Watcher,
    id: BatchId,
    wait: Duration,
) -> Result<Batch, Problem> {
    let deadline = Instant::now() + wait;
    loop {
        let batch = state
            .store
            .tenant(caller.tenant(), async move |tx| {
                Ok::<_, Problem>(store::batches::find(tx, id).await?)
            })
            .await?;
        let over = Instant::now() >= deadline || state.stopping.is_cancelled();
        if batch.has_ended() || over {
            return Ok(batch);
        }
        tokio::select! {
            _ = timeout_at(deadline, watcher.changed()) => {}
            () = state.stopping.cancelled() => {}
        }
    }
}
