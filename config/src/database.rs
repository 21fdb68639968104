use crate::error::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The three roles' connections. See `docs/OPERATIONS.md` for what each role may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The app role: serves tenants under row-level security.
    pub url: Option<SecretString>,
    /// The system role: moves jobs, sees no knowledge.
    pub system_url: Option<SecretString>,
    /// The owner: migrations and administration.
    pub owner_url: Option<SecretString>,
    pub app_connections: u32,
    pub system_connections: u32,
    pub connect_timeout_secs: u64,
    pub statement_timeout_secs: u64,
    /// How long either side may say nothing when it is its turn, before the other takes the connection for lost.
    pub silence_timeout_secs: u64,
}

impl DatabaseSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let urls = [
            ("database.url", &self.url),
            ("database.system_url", &self.system_url),
            ("database.owner_url", &self.owner_url),
        ];
        for (key, url) in urls {
            let known = url.as_ref().is_none_or(|url| {
                let url = url.expose_secret();
                url.starts_with("postgres://") || url.starts_with("postgresql://")
            });
            problems.check(known, key, "must start with postgres:// or postgresql://");
        }
        problems.check(
            self.app_connections >= 2,
            "database.app_connections",
            "must be at least 2",
        );
        problems.check(
            self.system_connections >= 2,
            "database.system_connections",
            "must be at least 2",
        );
        problems.check(
            self.connect_timeout_secs >= 1,
            "database.connect_timeout_secs",
            "must be at least 1",
        );
        problems.check(
            self.statement_timeout_secs >= 1,
            "database.statement_timeout_secs",
            "must be at least 1",
        );
        problems.check(
            self.silence_timeout_secs >= 1,
            "database.silence_timeout_secs",
            "must be at least 1",
        );
    }
}
