use crate::error::Problems;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many requests a key may make, by its tier and the class of the route.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSettings {
    pub enabled: bool,
    pub default_tier: String,
    pub timeout_ms: u64,
    /// Classes that refuse while Redis cannot count.
    pub closed_without_redis: Vec<String>,
    pub trusted_proxies: usize,
    pub auth_failures_per_minute: u32,
    pub auth_failures_burst: u32,
    pub tiers: BTreeMap<String, RateTier>,
}

/// What one tier allows each of its keys: a steady rate, and how much may come at once after a pause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateTier {
    pub read_per_second: u32,
    pub read_burst: u32,
    pub write_per_second: u32,
    pub write_burst: u32,
    pub interactive_per_second: u32,
    pub interactive_burst: u32,
}

impl RateLimitSettings {
    /// The tier of that name; the default one where there is none, as for a key whose tier has left the settings.
    #[must_use]
    pub fn tier(&self, name: Option<&str>) -> Option<&RateTier> {
        name.and_then(|name| self.tiers.get(name))
            .or_else(|| self.tiers.get(&self.default_tier))
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check(
            self.tiers.contains_key(&self.default_tier),
            "rate_limits.default_tier",
            "must be one of rate_limits.tiers",
        );
        problems.check(
            (1..=5_000).contains(&self.timeout_ms),
            "rate_limits.timeout_ms",
            "must be 1 to 5000",
        );
        let known = ["read", "write", "interactive"];
        problems.check(
            self.closed_without_redis
                .iter()
                .all(|class| known.contains(&class.as_str())),
            "rate_limits.closed_without_redis",
            "may name read, write and interactive",
        );
        problems.check(
            self.trusted_proxies <= 10,
            "rate_limits.trusted_proxies",
            "must be at most 10",
        );
        let positive = |number: u32| (1..=1_000_000).contains(&number);
        problems.check(
            positive(self.auth_failures_per_minute) && positive(self.auth_failures_burst),
            "rate_limits.auth_failures_per_minute",
            "and auth_failures_burst must be 1 to 1000000",
        );
        for (name, tier) in &self.tiers {
            let numbers = [
                tier.read_per_second,
                tier.read_burst,
                tier.write_per_second,
                tier.write_burst,
                tier.interactive_per_second,
                tier.interactive_burst,
            ];
            let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.len() <= 32
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            problems.check(
                plain && numbers.into_iter().all(positive),
                &format!("rate_limits.tiers.{name}"),
                "needs a name of lower-case letters, digits and '_', and numbers of 1 to 1000000",
            );
        }
    }
}
