use crate::error::Problems;
use serde::Deserialize;
use std::time::Duration;

/// What calls to addresses that tenants or vendors gave may reach, and cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutgoingSettings {
    pub allow_loopback: bool,
    pub allow_private: bool,
    pub connect_timeout_secs: u64,
    pub timeout_secs: u64,
}

impl OutgoingSettings {
    /// After so long a call has been answered or given up.
    #[must_use]
    pub fn longest_call(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_secs + self.timeout_secs)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, seconds) in [
            ("outgoing.connect_timeout_secs", self.connect_timeout_secs),
            ("outgoing.timeout_secs", self.timeout_secs),
        ] {
            problems.check((1..=600).contains(&seconds), key, "must be 1 to 600");
        }
    }
}
