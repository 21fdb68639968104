use crate::error::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// More than the server has room for, at the most that it can be told (`max_connections`).
const CONNECTIONS_MAX: u32 = 262_143;

/// The longest that PostgreSQL counts: it takes milliseconds, in 31 bits.
const TIMEOUT_SECS_MAX: u64 = 2_147_483;

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
            (2..=CONNECTIONS_MAX).contains(&self.app_connections),
            "database.app_connections",
            "must be 2 to 262143",
        );
        problems.check(
            (2..=CONNECTIONS_MAX).contains(&self.system_connections),
            "database.system_connections",
            "must be 2 to 262143",
        );
        problems.check(
            (1..=3600).contains(&self.connect_timeout_secs),
            "database.connect_timeout_secs",
            "must be 1 to 3600",
        );
        problems.check(
            (1..=TIMEOUT_SECS_MAX).contains(&self.statement_timeout_secs),
            "database.statement_timeout_secs",
            "must be 1 to 2147483",
        );
        problems.check(
            (1..=TIMEOUT_SECS_MAX).contains(&self.silence_timeout_secs),
            "database.silence_timeout_secs",
            "must be 1 to 2147483",
        );
    }
}
