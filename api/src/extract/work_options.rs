use super::{IdempotencyKey, Prefer};
use crate::http::RequestContext;
use crate::{ApiState, Problem};
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;

/// How a client wants the work done that its request starts.
pub(crate) struct WorkOptions {
    pub(crate) prefer: Prefer,
    pub(crate) key: Option<IdempotencyKey>,
    /// Method and route template: what the key is scoped to, besides the tenant.
    pub(crate) route: String,
    /// The path as sent. It is part of what a key stands for: the same body for another base is another request.
    pub(crate) path: String,
    /// The trace that the job continues, as W3C Trace Context writes it.
    pub(crate) trace_parent: Option<String>,
}

impl FromRequestParts<ApiState> for WorkOptions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &ApiState) -> Result<Self, Problem> {
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let context = parts.extensions.get::<RequestContext>();
        Ok(Self {
            prefer: Prefer::of(&parts.headers),
            key: IdempotencyKey::of(&parts.headers)?,
            route: format!("{} {route}", parts.method),
            path: parts.uri.path().to_owned(),
            trace_parent: context.map(|context| context.trace_parent().for_job()),
        })
    }
}
