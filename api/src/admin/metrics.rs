use super::AdminState;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

/// The Prometheus text format, version 0.0.4.
pub(super) async fn metrics(
    State(state): State<AdminState>,
) -> Result<([(HeaderName, &'static str); 1], String), StatusCode> {
    let handle = state.metrics.ok_or(StatusCode::NOT_FOUND)?;
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    ))
}
