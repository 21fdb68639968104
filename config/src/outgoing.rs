use crate::error::Problems;
use serde::Deserialize;

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
    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, seconds) in [
            ("outgoing.connect_timeout_secs", self.connect_timeout_secs),
            ("outgoing.timeout_secs", self.timeout_secs),
        ] {
            problems.check((1..=600).contains(&seconds), key, "must be 1 to 600");
        }
    }
}
