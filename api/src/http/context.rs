use super::TraceParent;
use crate::extract::Caller;
use crate::rate_limits::Quota;
use axum::http::HeaderMap;
use std::sync::{Arc, OnceLock};

/// What is known of a request from its start to the last byte of its response.
#[derive(Clone)]
pub(crate) struct RequestContext(Arc<Inner>);

struct Inner {
    request_id: String,
    trace_parent: TraceParent,
    caller: OnceLock<Caller>,
    quota: OnceLock<Quota>,
}

impl RequestContext {
    /// The client's request id when it is a sane one, else a fresh one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers
            .get("x-request-id")
            .and_then(|id| id.to_str().ok())
            .filter(|id| is_sane(id));
        let request_id = given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned);
        let trace_parent = TraceParent::of(headers);
        Self(Arc::new(Inner {
            request_id,
            trace_parent,
            caller: OnceLock::new(),
            quota: OnceLock::new(),
        }))
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.0.request_id
    }

    pub(crate) fn trace_parent(&self) -> &TraceParent {
        &self.0.trace_parent
    }

    /// Noted by the extractor that authenticates.
    pub(crate) fn set_caller(&self, caller: Caller) {
        let _ = self.0.caller.set(caller);
    }

    /// Noted where the request is counted.
    pub(crate) fn set_quota(&self, quota: Quota) {
        let _ = self.0.quota.set(quota);
    }

    pub(crate) fn quota(&self) -> Option<&Quota> {
        self.0.quota.get()
    }

    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.0.caller.get()
    }
}

fn is_sane(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn context(id: &str) -> RequestContext {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", id.parse().unwrap());
        RequestContext::of(&headers)
    }

    #[test]
    fn a_sane_request_id_is_kept() {
        assert_eq!(context("abc-123").request_id(), "abc-123");
    }

    #[test]
    fn any_other_request_id_is_replaced() {
        for id in ["", "a b", "tab\there", &"x".repeat(129)] {
            assert!(uuid::Uuid::parse_str(context(id).request_id()).is_ok(), "{id:?}");
        }
    }
}
