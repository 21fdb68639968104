use super::BudgetLimits;
use crate::{Queue, QueueError, queue};
use chrono::{DateTime, Utc};
use redis::{AsyncCommands, Script};
use std::sync::LazyLock;
use std::time::Duration;
use store::TenantId;

static USE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("use.lua")));

/// How many credentials a tenant is shown at most: those that were used last.
const SHOWN: isize = 500;

/// Whether a credential is called at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    Closed,
    /// Nothing is called for a while.
    Open,
    /// One call at a time tries whether the other side works again.
    HalfOpen,
}

/// What is used of a credential's budget right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    pub in_flight: u64,
    /// Jobs that have a place in line; of the installation's budget, tenants that wait for it.
    pub waiting: u64,
    pub requests_today: u64,
    /// Calls that may be made at once; `None`: no limit.
    pub requests_available: Option<u64>,
    pub tokens_available: Option<u64>,
    /// The rate that refusals have taught us, while it is below the declared one.
    pub learnt_requests_per_minute: Option<u64>,
    /// What the other side says that it has left for us, and when it counts anew.
    pub vendor_remaining: Option<(u64, DateTime<Utc>)>,
    pub circuit: CircuitState,
    pub circuit_open_until: Option<DateTime<Utc>>,
    /// The other side has asked us to wait until then.
    pub blocked_until: Option<DateTime<Utc>>,
}

type Answer = (u64, u64, u64, i64, i64, u64, i64, i64, String, i64, i64);

impl Queue {
    /// The names of the tenant's credentials that were used within two days, the last used first.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn governed_credentials(&self, tenant: TenantId) -> Result<Vec<String>, QueueError> {
        let key = format!("{}:credentials", queue::governor_key(&self.prefix, tenant));
        Ok(self.connection.clone().zrevrange(key, 0, SHOWN - 1).await?)
    }

    /// What is used of the tenant's own budget.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn governor_use(
        &self,
        tenant: TenantId,
        credential: &str,
        limits: &BudgetLimits,
    ) -> Result<Use, QueueError> {
        let key = queue::governor_key(&self.prefix, tenant);
        self.use_of(key, credential, limits).await
    }

    /// What all tenants use of the installation's budget of a credential, and what was learnt of the other side.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn installation_use(&self, credential: &str, limits: &BudgetLimits) -> Result<Use, QueueError> {
        let key = queue::installation_governor_key(&self.prefix);
        self.use_of(key, credential, limits).await
    }

    async fn use_of(&self, key: String, credential: &str, limits: &BudgetLimits) -> Result<Use, QueueError> {
        let (in_flight, waiting, requests, free, free_tokens, learnt_us, left, resets, circuit, open, blocked): Answer =
            USE.key(key)
                .arg(limits.request_us())
                .arg(limits.burst)
                .arg(limits.token_us())
                .arg(limits.tokens_per_minute)
                .arg(credential)
                .invoke_async(&mut self.connection.clone())
                .await?;
        let at = |unix_ms: i64| {
            (unix_ms > 0)
                .then(|| DateTime::from_timestamp_millis(unix_ms))
                .flatten()
        };
        let minute = u64::try_from(Duration::from_mins(1).as_micros()).unwrap_or(u64::MAX);
        Ok(Use {
            in_flight,
            waiting,
            requests_today: requests,
            requests_available: u64::try_from(free).ok(),
            tokens_available: u64::try_from(free_tokens).ok(),
            learnt_requests_per_minute: minute.checked_div(learnt_us),
            vendor_remaining: u64::try_from(left).ok().zip(at(resets)),
            circuit: match circuit.as_str() {
                "open" => CircuitState::Open,
                "half_open" => CircuitState::HalfOpen,
                _ => CircuitState::Closed,
            },
            circuit_open_until: at(open),
            blocked_until: at(blocked),
        })
    }
}
