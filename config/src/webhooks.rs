use crate::error::Problems;
use serde::Deserialize;

/// How tenants are told of events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    pub per_tenant: u32,
    pub timeout_secs: u64,
    pub disable_after_days: u16,
    pub secret_grace_hours: u32,
    pub log_retention_days: u16,
}

impl WebhookSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (1..=1000).contains(&self.per_tenant),
            "webhooks.per_tenant",
            "must be 1 to 1000",
        );
        problems.check(
            (1..=60).contains(&self.timeout_secs),
            "webhooks.timeout_secs",
            "must be 1 to 60",
        );
        problems.check(
            (1..=365).contains(&self.disable_after_days),
            "webhooks.disable_after_days",
            "must be 1 to 365",
        );
        problems.check(
            self.secret_grace_hours <= 24 * 30,
            "webhooks.secret_grace_hours",
            "must be at most 720",
        );
        // A delivery is tried for three days.
        problems.check(
            (7..=3650).contains(&self.log_retention_days),
            "webhooks.log_retention_days",
            "must be 7 to 3650",
        );
    }
}
