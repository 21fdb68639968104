use crate::error::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What signs sessions and encrypts tenants' secrets. Never printed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    pub session_secret: Option<SecretString>,
    pub master_key: Option<SecretString>,
}

impl SecretSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, secret) in [
            ("secrets.session_secret", &self.session_secret),
            ("secrets.master_key", &self.master_key),
        ] {
            let long = secret
                .as_ref()
                .is_none_or(|secret| secret.expose_secret().chars().count() >= 32);
            problems.check(
                long,
                key,
                "must have at least 32 characters (make one with: openssl rand -hex 32)",
            );
        }
    }
}
