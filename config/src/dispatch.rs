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

/// What is looked for more seldom is as good as not looked for.
const LONGEST_INTERVAL_MS: u64 = 60_000;

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
    /// 0: dead letters are kept until somebody replays or discards them.
    pub dead_letter_retention_days: u32,
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
            (10..=LONGEST_INTERVAL_MS).contains(&self.poll_interval_ms),
            "dispatch.poll_interval_ms",
            "must be 10 to 60000",
        );
        problems.check(
            (10..=LONGEST_INTERVAL_MS).contains(&self.lease_check_interval_ms),
            "dispatch.lease_check_interval_ms",
            "must be 10 to 60000",
        );
        problems.check(
            (10..=LONGEST_INTERVAL_MS).contains(&self.reconcile_interval_ms),
            "dispatch.reconcile_interval_ms",
            "must be 10 to 60000",
        );
        problems.check(
            (1..=86_400).contains(&self.redispatch_after_secs),
            "dispatch.redispatch_after_secs",
            "must be 1 to 86400",
        );
        problems.check(
            (60..=31_536_000).contains(&self.interactive_retention_secs),
            "dispatch.interactive_retention_secs",
            "must be 60, or a client could not read what it waited for, to 31536000, which is a year",
        );
        problems.check(
            (7..=36_500).contains(&self.job_retention_days),
            "dispatch.job_retention_days",
            "must be 7 to 36500, which is a century",
        );
        problems.check(
            self.dead_letter_retention_days == 0 || (7..=36_500).contains(&self.dead_letter_retention_days),
            "dispatch.dead_letter_retention_days",
            "must be 0, which is never, or 7 to 36500, which is a century",
        );
    }
}
