use crate::error::Problems;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Where the API listens, and its limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    pub max_json_bytes: usize,
    pub max_document_bytes: usize,
    pub request_timeout_secs: u64,
    pub max_wait_secs: u64,
    pub interactive_wait_secs: u64,
    /// How long requests are still taken once the process was told to stop and says that it is not ready.
    pub shutdown_delay_secs: u64,
}

impl ServerSettings {
    #[must_use]
    pub fn shutdown_delay(&self) -> Duration {
        Duration::from_secs(self.shutdown_delay_secs)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            self.listen != self.admin_listen || self.listen.port() == 0,
            "server.admin_listen",
            "must differ from server.listen: health and metrics are not for the public address",
        );
        problems.check(
            self.max_json_bytes >= 1024,
            "server.max_json_bytes",
            "must be at least 1024",
        );
        problems.check(
            self.max_document_bytes >= self.max_json_bytes,
            "server.max_document_bytes",
            "must not be below server.max_json_bytes",
        );
        problems.check(
            self.request_timeout_secs > self.max_wait_secs,
            "server.request_timeout_secs",
            "must exceed server.max_wait_secs, or a waiting request is cut off",
        );
        problems.check(
            self.interactive_wait_secs <= self.max_wait_secs,
            "server.interactive_wait_secs",
            "must not exceed server.max_wait_secs",
        );
        problems.check(
            self.shutdown_delay_secs <= 300,
            "server.shutdown_delay_secs",
            "must be 0 to 300",
        );
    }
}
