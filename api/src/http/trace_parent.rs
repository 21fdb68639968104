use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The trace a request belongs to, as W3C Trace Context (level 1, section 3.2) writes it: the client's when it sent one, else a new one.
#[derive(Clone, Debug)]
pub(crate) struct TraceParent {
    context: SpanContext,
    /// The client sent it: the request's span is its child.
    remote: bool,
}

impl TraceParent {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .and_then(parse);
        sent.map_or_else(Self::fresh, |context| Self { context, remote: true })
    }

    fn fresh() -> Self {
        let trace_id = TraceId::from_bytes(rand::random::<u128>().max(1).to_be_bytes());
        let span_id = SpanId::from_bytes(rand::random::<u64>().max(1).to_be_bytes());
        let context = SpanContext::new(trace_id, span_id, TraceFlags::default(), false, TraceState::NONE);
        Self { context, remote: false }
    }

    /// Makes `span` a child of the client's span. Does nothing when no trace is recorded.
    pub(crate) fn adopt(&self, span: &tracing::Span) {
        if self.remote {
            // The only error is that no OpenTelemetry layer is installed.
            let _ = span.set_parent(Context::new().with_remote_span_context(self.context.clone()));
        }
    }

    /// What a job that this request starts continues: the current span where one is recorded, else what the client sent.
    pub(crate) fn for_job(&self) -> String {
        format(&self.within(&tracing::Span::current()))
    }

    /// The id of the trace that `span`, the request's, belongs to.
    pub(crate) fn trace_id(&self, span: &tracing::Span) -> String {
        self.within(span).trace_id().to_string()
    }

    fn within(&self, span: &tracing::Span) -> SpanContext {
        let recorded = span.context().span().span_context().clone();
        if recorded.is_valid() {
            recorded
        } else {
            self.context.clone()
        }
    }
}

fn format(context: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags().to_u8()
    )
}

/// `None` for anything that is not exactly a valid version 00, or a later version that begins like one.
fn parse(header: &str) -> Option<SpanContext> {
    let mut parts = header.split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower_hex =
        |part: &str, len: usize| part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let whole = lower_hex(version, 2) && lower_hex(trace_id, 32) && lower_hex(span_id, 16) && lower_hex(flags, 2);
    if !whole || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    // Only the sampled bit is defined.
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1);
    let (trace_id, span_id) = (TraceId::from_hex(trace_id).ok()?, SpanId::from_hex(span_id).ok()?);
    let context = SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_that_was_sent_is_continued_even_when_nothing_records_it() {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", SENT.parse().unwrap());
        assert_eq!(TraceParent::of(&headers).for_job(), SENT);
    }

    #[test]
    fn without_one_a_valid_trace_is_made() {
        let made = TraceParent::of(&HeaderMap::new()).for_job();
        assert!(parse(&made).is_some(), "{made}");
    }

    #[test]
    fn a_malformed_trace_is_ignored() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let upper = "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01";
        for bad in [
            "",
            "00",
            zero_trace,
            upper,
            &SENT.replacen("00", "ff", 1),
            &format!("{SENT}-more"),
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
