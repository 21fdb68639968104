//! One trace from the HTTP request through the job: the job's row carries the request's `traceparent` (W3C Trace Context).
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use store::jobs::ClaimedJob;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of one attempt, a child of the request's.
pub(crate) fn job_span(job: &ClaimedJob) -> Span {
    let span = info_span!(
        "job",
        job.id = %job.id,
        job.kind = job.kind,
        job.attempt = job.attempt,
        tenant.id = %job.tenant_id,
        trace.id = trace_id(job.trace_context.as_deref()),
    );
    if let Some(parent) = job.trace_context.as_deref().and_then(parse) {
        // Without an exporter there is no span to attach to, which is no fault.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }
    span
}

/// The trace id of a `traceparent`; empty when there is none.
pub(crate) fn trace_id(traceparent: Option<&str>) -> String {
    traceparent
        .and_then(parse)
        .map(|parent| parent.trace_id().to_string())
        .unwrap_or_default()
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::trace_id;

    #[test]
    fn only_a_valid_traceparent_names_a_trace() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(Some(&format!("00-{id}-00f067aa0ba902b7-01"))), id);
        assert_eq!(
            trace_id(Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01")),
            ""
        );
        assert_eq!(trace_id(Some("nonsense")), "");
        assert_eq!(trace_id(None), "");
    }
}
