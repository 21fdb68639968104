use config::{GovernorSettings, InstallationBudget};
use store::provider_budgets::Budget;

const MINUTE_US: u64 = 60_000_000;

/// What calls to a credential may take, defaults filled in; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLimits {
    pub requests_per_minute: u64,
    /// Requests at once after a pause. In any time t at most `burst + t · rate` requests are made.
    pub burst: u64,
    pub concurrency: u64,
    pub tokens_per_minute: u64,
    /// Millionths of a US dollar, a day in UTC.
    pub cost_micros_per_day: u64,
}

impl BudgetLimits {
    /// The tenant's budget, and the installation's default for what it leaves open.
    #[must_use]
    pub fn of(declared: Option<&Budget>, defaults: &GovernorSettings) -> Self {
        let small = |of: fn(&Budget) -> Option<i32>, default: u32| {
            let number = declared.and_then(of).map(|number| u64::try_from(number).unwrap_or(0));
            number.unwrap_or(u64::from(default))
        };
        let large = |of: fn(&Budget) -> Option<i64>, default: u64| {
            let number = declared.and_then(of).map(|number| u64::try_from(number).unwrap_or(0));
            number.unwrap_or(default)
        };
        let requests_per_minute = small(|budget| budget.requests_per_minute, defaults.requests_per_minute);
        let burst = match small(|budget| budget.burst, defaults.burst) {
            0 => requests_per_minute.div_ceil(60),
            burst => burst,
        };
        Self {
            requests_per_minute,
            burst,
            concurrency: small(|budget| budget.concurrency, defaults.concurrency),
            tokens_per_minute: large(|budget| budget.tokens_per_minute, defaults.tokens_per_minute),
            cost_micros_per_day: large(|budget| budget.cost_micros_per_day, defaults.cost_micros_per_day),
        }
    }

    /// What the calls of all tenants together may take of a credential of the installation.
    #[must_use]
    pub fn of_installation(credential: &str, settings: &GovernorSettings) -> Self {
        let budget = settings.installation.get(credential).copied().unwrap_or_default();
        let InstallationBudget {
            requests_per_minute,
            burst,
            concurrency,
            tokens_per_minute,
            cost_micros_per_day,
        } = budget;
        let requests_per_minute = u64::from(requests_per_minute);
        Self {
            requests_per_minute,
            burst: match burst {
                0 => requests_per_minute.div_ceil(60),
                burst => u64::from(burst),
            },
            concurrency: u64::from(concurrency),
            tokens_per_minute,
            cost_micros_per_day,
        }
    }

    /// Microseconds a request, rounded up; 0: no limit.
    pub(crate) fn request_us(&self) -> u64 {
        match self.requests_per_minute {
            0 => 0,
            rate => MINUTE_US.div_ceil(rate),
        }
    }

    /// Microseconds a token; 0: no limit. Not rounded: there may be many tokens a microsecond.
    pub(crate) fn token_us(&self) -> f64 {
        match self.tokens_per_minute {
            0 => 0.0,
            rate => MINUTE_US as f64 / rate as f64,
        }
    }
}

/// What a call will take, as far as that can be said before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    pub tokens: u64,
    pub cost_micros: u64,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetLimit {
    /// The declared or learnt rate of requests.
    Requests,
    Tokens,
    Concurrency,
    /// The day's money.
    Cost,
    /// The other side has told us to wait.
    Vendor,
    /// The other side has failed too often in a row.
    Circuit,
    /// Other tenants wait for the installation's budget too, and it is their turn.
    Share,
    /// Redis, which knows, cannot be asked.
    Governor,
}

impl BudgetLimit {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Concurrency => "concurrency",
            Self::Cost => "cost",
            Self::Vendor => "vendor",
            Self::Circuit => "circuit",
            Self::Share => "share",
            Self::Governor => "governor",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "tokens" => Self::Tokens,
            "concurrency" => Self::Concurrency,
            "cost" => Self::Cost,
            "vendor" => Self::Vendor,
            "circuit" => Self::Circuit,
            "share" => Self::Share,
            _ => Self::Requests,
        }
    }

    /// The reason that a job's `why` gives: `budget` for money, else `rate_limit`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Cost => "budget",
            _ => "rate_limit",
        }
    }
}

/// Whether a text can name a credential: 1 to 200 letters, digits and `. _ : @ - [ ]`, so that a host with its port is one.
#[must_use]
pub fn is_credential_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:@-[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_budget_fills_its_gaps_from_the_defaults_and_zero_is_no_limit() {
        let mut defaults = config::Settings::with_overrides(&[]).unwrap().governor;
        (defaults.requests_per_minute, defaults.concurrency) = (600, 4);
        let budget = Budget {
            requests_per_minute: Some(90),
            concurrency: Some(0),
            ..Budget::named("c")
        };
        let limits = BudgetLimits::of(Some(&budget), &defaults);
        assert_eq!(
            (limits.requests_per_minute, limits.burst, limits.concurrency),
            (90, 2, 0)
        );
        assert_eq!(limits.request_us(), 666_667);
        let undeclared = BudgetLimits::of(None, &defaults);
        assert_eq!((undeclared.burst, undeclared.concurrency), (10, 4));
    }

    #[test]
    fn what_the_installation_does_not_limit_has_no_limit() {
        let mut settings = config::Settings::with_overrides(&[]).unwrap().governor;
        (settings.requests_per_minute, settings.concurrency) = (600, 4);
        let unlimited = BudgetLimits::of_installation("openai", &settings);
        assert_eq!(
            (unlimited.requests_per_minute, unlimited.burst, unlimited.concurrency),
            (0, 0, 0),
            "a tenant's defaults are a tenant's"
        );
        let budget = InstallationBudget {
            requests_per_minute: 90,
            ..InstallationBudget::default()
        };
        settings.installation.insert("openai".to_owned(), budget);
        let limits = BudgetLimits::of_installation("openai", &settings);
        assert_eq!((limits.requests_per_minute, limits.burst), (90, 2));
    }

    #[test]
    fn a_host_with_its_port_names_a_credential_and_braces_do_not() {
        for good in ["openai", "api.example.com:443", "[::1]:80", "a_b-c@d"] {
            assert!(is_credential_name(good), "{good}");
        }
        for bad in ["", "a b", "{a}", "a/b", "ä", &"x".repeat(201)] {
            assert!(!is_credential_name(bad), "{bad}");
        }
    }
}
