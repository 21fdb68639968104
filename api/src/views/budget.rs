use chrono::{DateTime, Utc};
use jobs::{BudgetLimits, CircuitState, Use};
use serde::Serialize;
use store::provider_budgets::Budget;
use store::provider_usage::Usage;
use utoipa::ToSchema;

/// What calls to one credential may take, and what they take.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetObject {
    #[schema(example = "openai")]
    pub(crate) credential: String,
    /// Whether the tenant has declared it; otherwise the limits are the installation's.
    pub(crate) declared: bool,
    /// Null: no limit, here and below.
    #[schema(required = true)]
    pub(crate) requests_per_minute: Option<u64>,
    /// Requests at once after a pause.
    #[schema(required = true)]
    pub(crate) burst: Option<u64>,
    /// Calls at the same time.
    #[schema(required = true)]
    pub(crate) concurrency: Option<u64>,
    #[schema(required = true)]
    pub(crate) tokens_per_minute: Option<u64>,
    /// Millionths of a US dollar, a day in UTC.
    #[schema(required = true)]
    pub(crate) cost_micros_per_day: Option<u64>,
    pub(crate) declared_limits: DeclaredLimits,
    #[schema(required = true)]
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) today: UsedToday,
    /// Null while Redis, which knows, does not answer.
    #[schema(required = true)]
    pub(crate) current: Option<CurrentUse>,
}

/// What the tenant has declared of the limits, as a `PUT` takes it. Null: nothing, so that the installation's default holds; 0: no limit.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DeclaredLimits {
    #[schema(required = true)]
    requests_per_minute: Option<i32>,
    #[schema(required = true)]
    burst: Option<i32>,
    #[schema(required = true)]
    concurrency: Option<i32>,
    #[schema(required = true)]
    tokens_per_minute: Option<i64>,
    #[schema(required = true)]
    cost_micros_per_day: Option<i64>,
}

impl From<&Budget> for DeclaredLimits {
    fn from(budget: &Budget) -> Self {
        Self {
            requests_per_minute: budget.requests_per_minute,
            burst: budget.burst,
            concurrency: budget.concurrency,
            tokens_per_minute: budget.tokens_per_minute,
            cost_micros_per_day: budget.cost_micros_per_day,
        }
    }
}

/// What ended calls took today (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsedToday {
    pub(crate) tokens: i64,
    pub(crate) cost_micros: i64,
    /// Null: no limit.
    #[schema(required = true)]
    pub(crate) cost_micros_remaining: Option<u64>,
}

/// What is used at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurrentUse {
    /// Calls that are being made.
    pub(crate) in_flight: u64,
    /// Jobs that have a place in line.
    pub(crate) waiting: u64,
    /// Calls today; counted anew when Redis was wiped.
    pub(crate) requests_today: u64,
    /// Calls that could be made at once; null: no limit.
    #[schema(required = true)]
    pub(crate) requests_available: Option<u64>,
    #[schema(required = true)]
    pub(crate) tokens_available: Option<u64>,
    /// The rate that refusals (429) have taught us, while it is below the declared one. It doubles each minute without another. Null for a credential of the
    /// installation, here and in the next two.
    #[schema(required = true)]
    pub(crate) learnt_requests_per_minute: Option<u64>,
    /// Calls that the other side says it has left for us.
    #[schema(required = true)]
    pub(crate) vendor_remaining: Option<u64>,
    #[schema(required = true)]
    pub(crate) vendor_resets_at: Option<DateTime<Utc>>,
    pub(crate) circuit: CircuitName,
    #[schema(required = true)]
    pub(crate) circuit_open_until: Option<DateTime<Utc>>,
    /// The other side has asked for a pause until then.
    #[schema(required = true)]
    pub(crate) blocked_until: Option<DateTime<Utc>>,
}

/// `open`: nothing is called, since it failed too often in a row. `half_open`: one call at a time tries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CircuitName {
    Closed,
    Open,
    HalfOpen,
}

impl BudgetObject {
    pub(crate) fn of(
        credential: &str,
        declared: Option<&Budget>,
        limits: &BudgetLimits,
        today: Usage,
        current: Option<Use>,
    ) -> Self {
        let limit = |number: u64| (number > 0).then_some(number);
        let spent = u64::try_from(today.cost_micros).unwrap_or(0);
        Self {
            credential: credential.to_owned(),
            declared: declared.is_some(),
            requests_per_minute: limit(limits.requests_per_minute),
            burst: limit(limits.burst),
            concurrency: limit(limits.concurrency),
            tokens_per_minute: limit(limits.tokens_per_minute),
            cost_micros_per_day: limit(limits.cost_micros_per_day),
            declared_limits: declared.map(DeclaredLimits::from).unwrap_or_default(),
            updated_at: declared.map(|budget| budget.updated_at),
            today: UsedToday {
                tokens: today.tokens,
                cost_micros: today.cost_micros,
                cost_micros_remaining: limit(limits.cost_micros_per_day).map(|cap| cap.saturating_sub(spent)),
            },
            current: current.map(CurrentUse::from),
        }
    }
}

impl From<Use> for CurrentUse {
    fn from(used: Use) -> Self {
        let (vendor_remaining, vendor_resets_at) = used.vendor_remaining.unzip();
        Self {
            in_flight: used.in_flight,
            waiting: used.waiting,
            requests_today: used.requests_today,
            requests_available: used.requests_available,
            tokens_available: used.tokens_available,
            learnt_requests_per_minute: used.learnt_requests_per_minute,
            vendor_remaining,
            vendor_resets_at,
            circuit: match used.circuit {
                CircuitState::Closed => CircuitName::Closed,
                CircuitState::Open => CircuitName::Open,
                CircuitState::HalfOpen => CircuitName::HalfOpen,
            },
            circuit_open_until: used.circuit_open_until,
            blocked_until: used.blocked_until,
        }
    }
}
