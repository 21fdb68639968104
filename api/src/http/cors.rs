//! Cross-origin requests: only with publishable keys, and only for the routes such keys can use.
use crate::extract::Caller;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

const EXPOSED: &str = "location, retry-after, x-request-id, preference-applied, idempotent-replayed, ratelimit, \
    ratelimit-policy, ratelimit-limit, ratelimit-remaining, ratelimit-reset";

/// Answers a browser's preflight. It carries no key, so this promises nothing: the key decides when the request itself comes, and
/// only then is a response made readable to the page.
pub(super) fn preflight(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let origin = headers.get(header::ORIGIN)?;
    if method != Method::OPTIONS
        || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        || !is_for_browsers(path)
    {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = "authorization, content-type, idempotency-key, prefer, last-event-id, traceparent, x-request-id";
    let answers: [(HeaderName, HeaderValue); 5] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST"),
        ),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed)),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        (header::VARY, HeaderValue::from_static("origin")),
    ];
    response.headers_mut().extend(answers);
    Some(response)
}

/// Lets the page that a publishable key allows read the response.
pub(super) fn expose(caller: Option<&Caller>, headers: &mut HeaderMap) {
    let origin = caller
        .and_then(Caller::allowed_origin)
        .and_then(|origin| HeaderValue::from_str(origin).ok());
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

fn is_for_browsers(path: &str) -> bool {
    matches!(path, "/v1/search" | "/v1/answers" | "/v1/checks") || path == "/v1/jobs" || path.starts_with("/v1/jobs/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn asked(path: &str) -> Option<Response> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://shop.example"));
        headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        preflight(&Method::OPTIONS, path, &headers)
    }

    #[test]
    fn a_preflight_is_answered_without_a_wildcard_or_credentials() {
        let response = asked("/v1/search").unwrap();
        assert_eq!(
            response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN],
            "https://shop.example"
        );
        assert!(
            !response
                .headers()
                .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
        );
    }

    #[test]
    fn routes_that_publishable_keys_cannot_use_have_no_preflight() {
        assert!(asked("/v1/knowledge-bases").is_none());
        assert!(asked("/v1/jobsx").is_none());
    }
}
