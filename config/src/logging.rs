use crate::error::Problems;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Human,
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    pub format: LogFormat,
    /// The directives of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl LogSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            EnvFilter::try_new(&self.filter).is_ok(),
            "log.filter",
            "must be directives such as info or info,tantivy=warn",
        );
    }
}

/// Where traces go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// The base URL of an OTLP/HTTP collector; empty exports nothing.
    pub otlp_endpoint: String,
    pub service_name: String,
}

impl TelemetrySettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let known = self.otlp_endpoint.is_empty()
            || self.otlp_endpoint.starts_with("http://")
            || self.otlp_endpoint.starts_with("https://");
        problems.check(
            known,
            "telemetry.otlp_endpoint",
            "must start with http:// or https://, or be empty",
        );
        problems.check(
            !self.service_name.is_empty(),
            "telemetry.service_name",
            "must not be empty",
        );
    }
}
