use crate::error::Problems;
use serde::Deserialize;
use std::time::Duration;

/// What brings job ids to workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DispatchBackend {
    /// Our own index in Redis.
    Own,
    /// The same, and apalis-redis behind it.
    ApalisRedis,
}

/// How jobs reach workers, and how soon a lost one is found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchSettings {
    pub backend: DispatchBackend,
    pub lease_secs: u64,
    pub poll_interval_ms: u64,
    pub lease_check_interval_ms: u64,
    pub reconcile_interval_ms: u64,
    pub redispatch_after_secs: u64,
    pub interactive_retention_secs: u64,
    pub job_retention_days: u32,
}

impl DispatchSettings {
    /// How long a worker may be silent before its jobs go to another.
    #[must_use]
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_secs)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            (1..=3600).contains(&self.lease_secs),
            "dispatch.lease_secs",
            "must be 1 to 3600",
        );
        problems.check(
            self.poll_interval_ms >= 10,
            "dispatch.poll_interval_ms",
            "must be at least 10",
        );
        problems.check(
            self.lease_check_interval_ms >= 10,
            "dispatch.lease_check_interval_ms",
            "must be at least 10",
        );
        problems.check(
            self.reconcile_interval_ms >= 10,
            "dispatch.reconcile_interval_ms",
            "must be at least 10",
        );
        problems.check(
            self.redispatch_after_secs >= 1,
            "dispatch.redispatch_after_secs",
            "must be at least 1",
        );
        problems.check(
            self.interactive_retention_secs >= 60,
            "dispatch.interactive_retention_secs",
            "must be at least 60, or a client could not read what it waited for",
        );
        problems.check(
            self.job_retention_days >= 7,
            "dispatch.job_retention_days",
            "must be at least 7",
        );
    }
}
