use crate::extract::{NoParameters, Query};
use crate::router::openapi;
use axum::http::{HeaderMap, HeaderValue, header};
use std::sync::LazyLock;

/// Written once: it does not change while the process lives.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi().to_json().unwrap_or_default());

/// This document
///
/// The API in OpenAPI 3.1. Needs no key.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "About",
    security(()),
    responses((status = 200, description = "The OpenAPI document.", content_type = "application/json"))
)]
pub(crate) async fn show_openapi(Query(NoParameters): Query<NoParameters>) -> (HeaderMap, &'static str) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    (headers, DOCUMENT.as_str())
}
