use crate::error::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How values begin that are there to be replaced.
const EXAMPLE: &str = "replace-me";

/// What signs sessions and encrypts tenants' secrets. Never printed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    pub session_secret: Option<SecretString>,
    pub master_key: Option<SecretString>,
    /// Master keys that still, or already, open what was sealed under them; separated by commas. None of them seals.
    pub accepted_master_keys: Option<SecretString>,
}

impl SecretSettings {
    /// Each of `accepted_master_keys`.
    #[must_use]
    pub fn accepted_master_keys(&self) -> Vec<SecretString> {
        let keys = self.accepted_master_keys.iter();
        keys.flat_map(|keys| keys.expose_secret().split(','))
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(SecretString::from)
            .collect()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let accepted = self.accepted_master_keys();
        let single = [
            ("secrets.session_secret", self.session_secret.as_ref()),
            ("secrets.master_key", self.master_key.as_ref()),
        ];
        for (key, secret) in &single {
            problems.check(
                secret.is_none_or(|secret| !secret.expose_secret().starts_with(EXAMPLE)),
                key,
                "is the example that everybody knows (make one with: openssl rand -hex 32)",
            );
        }
        let accepted = accepted.iter().map(|key| ("secrets.accepted_master_keys", Some(key)));
        for (key, secret) in single.into_iter().chain(accepted) {
            problems.check(
                secret.is_none_or(|secret| secret.expose_secret().chars().count() >= 32),
                key,
                "must have at least 32 characters (make one with: openssl rand -hex 32)",
            );
        }
    }
}
