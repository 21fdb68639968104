use crate::error::Problems;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What calls to one credential of a tenant may take where the tenant's own budget does not say it, and how long jobs wait. In limits, 0
/// is none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GovernorSettings {
    pub requests_per_minute: u32,
    pub burst: u32,
    pub concurrency: u32,
    pub tokens_per_minute: u64,
    pub cost_micros_per_day: u64,
    pub wait_in_slot_ms: u64,
    pub longest_snooze_secs: u64,
    pub give_up_after_secs: u64,
    pub failures_to_open: u32,
    pub open_secs: u64,
    /// By credential: what the calls of all tenants together may take of one that is the installation's.
    pub installation: BTreeMap<String, InstallationBudget>,
}

/// What the calls of all tenants together may take of a credential; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstallationBudget {
    pub requests_per_minute: u32,
    /// Requests at once; 0: what the rate allows in a second.
    pub burst: u32,
    /// Calls at once.
    pub concurrency: u32,
    pub tokens_per_minute: u64,
    /// Millionths of a US dollar, a day in UTC.
    pub cost_micros_per_day: u64,
}

impl GovernorSettings {
    /// How long a job may wait for its turn without giving its slot away.
    #[must_use]
    pub fn wait_in_slot(&self) -> Duration {
        Duration::from_millis(self.wait_in_slot_ms)
    }

    /// When a snoozed job asks again at the latest.
    #[must_use]
    pub fn longest_snooze(&self) -> Duration {
        Duration::from_secs(self.longest_snooze_secs)
    }

    /// Whose budgets there are has to be the installation's: one that is misspelt would limit nothing.
    pub(crate) fn check_credentials(&self, credentials: &BTreeSet<String>, problems: &mut Problems) {
        for name in self.installation.keys().filter(|name| !credentials.contains(*name)) {
            let known: Vec<&str> = credentials.iter().map(String::as_str).collect();
            problems.check(
                false,
                &format!("governor.installation.{name}"),
                &format!("is no credential of this installation; there are {}", known.join(", ")),
            );
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (name, budget) in &self.installation {
            problems.check(
                budget.requests_per_minute <= 1_000_000
                    && budget.burst <= 1_000_000
                    && budget.concurrency <= 100_000
                    && budget.tokens_per_minute <= 1_000_000_000_000
                    && budget.cost_micros_per_day <= 1_000_000_000_000,
                &format!("governor.installation.{name}"),
                "has a number that is too large: requests_per_minute and burst are at most 1000000, concurrency 100000, tokens_per_minute and cost_micros_per_day 1000000000000",
            );
        }
        problems.check(
            self.requests_per_minute <= 1_000_000 && self.burst <= 1_000_000,
            "governor.requests_per_minute",
            "and burst must be at most 1000000",
        );
        problems.check(
            self.concurrency <= 100_000,
            "governor.concurrency",
            "must be at most 100000",
        );
        problems.check(
            self.tokens_per_minute <= 1_000_000_000_000 && self.cost_micros_per_day <= 1_000_000_000_000,
            "governor.tokens_per_minute",
            "and cost_micros_per_day must be at most 1000000000000",
        );
        problems.check(
            self.wait_in_slot_ms <= 5_000,
            "governor.wait_in_slot_ms",
            "must be at most 5000: a job that waits longer gives its slot away",
        );
        problems.check(
            (1..=3_600).contains(&self.longest_snooze_secs),
            "governor.longest_snooze_secs",
            "must be 1 to 3600",
        );
        problems.check(
            self.give_up_after_secs >= 60,
            "governor.give_up_after_secs",
            "must be at least 60",
        );
        problems.check(
            (1..=1_000).contains(&self.failures_to_open),
            "governor.failures_to_open",
            "must be 1 to 1000",
        );
        problems.check(
            (1..=3_600).contains(&self.open_secs),
            "governor.open_secs",
            "must be 1 to 3600",
        );
    }
}
