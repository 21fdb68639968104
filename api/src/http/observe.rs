use super::linger::Linger;
use super::{RequestContext, cors, headers};
use crate::ApiState;
use crate::extract::Caller;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// The outermost layer: request id, trace, span, metrics, problems, headers.
pub(crate) async fn observe(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = RequestContext::of(request.headers());
    let method = request.method().clone();
    // The template, never the path: paths hold ids, and metrics must not grow with them.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = %format_args!("{method} {route}"),
        http.request.method = %method,
        http.route = %route,
        http.response.status_code = Empty,
        request.id = %context.request_id(),
        trace.id = Empty,
        tenant.id = Empty,
    );
    context.trace_parent().adopt(&span);
    span.record("trace.id", context.trace_parent().trace_id(&span));
    request.extensions_mut().insert(context.clone());
    let (request, linger) = with_linger(request);
    let response = async {
        let response = match cors::preflight(request.method(), request.uri().path(), request.headers()) {
            Some(response) => response,
            None => next.run(request).await,
        };
        let status = response.status();
        if let (Some(linger), true) = (linger, status.is_client_error() || status.is_server_error()) {
            linger.drain().await;
        }
        tracing::Span::current().record("http.response.status_code", status.as_u16());
        let latency_ms = started.elapsed().as_secs_f64() * 1e3;
        tracing::info!(status = status.as_u16(), latency_ms, "request answered");
        response
    }
    .instrument(span)
    .await;
    count(&route, method.as_str(), response.status().as_u16(), started);
    if let Some(caller) = context.caller() {
        touch(&state, caller);
    }
    headers::complete(&context, response)
}

fn with_linger(request: Request) -> (Request, Option<Linger>) {
    let expects_continue = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let (body, linger) = Linger::over(body, expects_continue);
    (Request::from_parts(parts, body), linger)
}

fn count(route: &str, method: &str, status: u16, started: Instant) {
    // A client can send any method; only those with routes become label values.
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
    let labels = [
        ("route", route.to_owned()),
        ("method", method.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(started.elapsed().as_secs_f64());
}

/// Notes that the key was used, at most once a minute and off the request's path. That this fails concerns nobody who waits.
fn touch(state: &ApiState, caller: &Caller) {
    if !caller.is_stale() {
        return;
    }
    let (store, tenant, key) = (state.store.clone(), caller.tenant(), caller.key());
    state.tasks.spawn(async move {
        let touched = store
            .tenant(tenant, async move |tx| store::api_keys::touch(tx, key).await)
            .await;
        if let Err(error) = touched {
            tracing::debug!(%error, "last use of the key not noted");
        }
    });
}
