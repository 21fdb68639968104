use anyhow::Context;
use config::{LogFormat, Settings};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Seconds, from a hop to a long ingest.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0,
];

/// Logs, metrics and traces of the process.
pub(crate) struct Telemetry {
    pub(crate) metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logging; call once, first thing.
    pub(crate) fn start(settings: &Settings) -> anyhow::Result<Self> {
        let filter = EnvFilter::try_new(&settings.log.filter).context("log.filter cannot be read")?;
        // Whatever of the log is left out: what is left says which request and which job it is of.
        let spans =
            filter_fn(|metadata| metadata.is_span() && is_ours(metadata)).with_max_level_hint(LevelFilter::INFO);
        let filter = filter.or(spans);
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match std::io::stderr().is_terminal() {
            true => lines,
            false => lines.with_ansi(false),
        };
        let logs = match settings.log.format {
            LogFormat::Human => lines.with_filter(filter).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
        };
        let traces = exporter(settings)?;
        let export = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("visualkit"))
                .with_filter(filter_fn(is_ours).with_max_level_hint(LevelFilter::INFO))
        });
        tracing_subscriber::registry()
            .with(export)
            .with(logs)
            .try_init()
            .context("logging was started twice")?;
        let metrics = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
            .install_recorder()
            .context("metrics were started twice")?;
        super::metric_help::describe_all();
        Ok(Self { metrics, traces })
    }

    /// Sends what has not been sent.
    pub(crate) fn stop(self) {
        if let Some(Err(error)) = self.traces.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "some spans were not exported");
        }
    }
}

/// The crates of this workspace that say what they do, by the names that their spans and events carry.
const OURS: [&str; 9] = [
    "visualkit",
    "api",
    "workers",
    "jobs",
    "store",
    "integrations",
    "retrieval",
    "documents",
    "answers",
];

/// What is part of a trace, and of the context of a line of the log.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let part = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&part) && *metadata.level() <= Level::INFO
}

/// OTLP over HTTP, when an endpoint is configured.
fn exporter(settings: &Settings) -> anyhow::Result<Option<SdkTracerProvider>> {
    let endpoint = settings.telemetry.otlp_endpoint.trim_end_matches('/');
    if endpoint.is_empty() {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
        .context("telemetry.otlp_endpoint cannot be used")?;
    let resource = Resource::builder()
        .with_service_name(settings.telemetry.service_name.clone())
        .build();
    Ok(Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build(),
    ))
}
