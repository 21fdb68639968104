use crate::{ApiState, Problem};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Bounds how long a request takes, reading its body included. An event stream answers at once, and is not bounded by this.
pub(crate) async fn within_deadline(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(state.settings.server.request_timeout_secs);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timed_out().into_response(),
    }
}
