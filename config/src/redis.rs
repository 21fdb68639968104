use crate::error::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The dispatch index: Redis 7.4.2 or later, or Valkey 8 or later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    pub url: Option<SecretString>,
    pub prefix: String,
    pub response_timeout_ms: u64,
}

impl RedisSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let known = self.url.as_ref().is_none_or(|url| {
            let url = url.expose_secret();
            ["redis://", "rediss://", "unix://", "redis+unix://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        });
        problems.check(known, "redis.url", "must start with redis://, rediss:// or unix://");
        let plain = !self.prefix.is_empty()
            && self.prefix.len() <= 64
            && self
                .prefix
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        problems.check(plain, "redis.prefix", "must be 1 to 64 letters, digits, '-' or '_'");
        problems.check(
            self.response_timeout_ms >= 50,
            "redis.response_timeout_ms",
            "must be at least 50",
        );
    }
}
