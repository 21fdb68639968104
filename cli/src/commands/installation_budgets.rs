use crate::outcome::Outcome;
use crate::process::load_settings;
use crate::render::{print, print_json};
use anyhow::Context;
use config::Requirement;
use jobs::{BudgetLimits, CircuitState, Queue, Use};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::System;
use store::provider_usage::{Usage, today_of_all};

/// What the calls of all tenants together may take of each credential of this installation, and take now.
pub(super) async fn list(json: bool) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::SystemDatabase, Requirement::Redis])?;
    let system = System::connect(&settings.database)
        .await
        .context("cannot use DATABASE_SYSTEM_URL")?;
    let queue = Queue::open(&settings.redis).context("cannot use REDIS_URL")?;
    let credentials = settings.models.credentials();
    let names: Vec<&str> = credentials.iter().map(String::as_str).collect();
    let usage: BTreeMap<String, Usage> = today_of_all(&system, &names).await?.into_iter().collect();
    let mut budgets = Vec::with_capacity(names.len());
    for name in names {
        let limits = BudgetLimits::of_installation(name, &settings.governor);
        let current = queue
            .installation_use(name, &limits)
            .await
            .context("Redis, which knows what is used, cannot be asked")?;
        budgets.push(shown(
            name,
            &limits,
            usage.get(name).copied().unwrap_or_default(),
            &current,
        ));
    }
    if json {
        print_json(&budgets)?;
    } else {
        print(&super::budgets::table(&budgets))?;
    }
    Ok(Outcome::Done)
}

/// As the API shows a tenant's; null is no limit.
fn shown(credential: &str, limits: &BudgetLimits, today: Usage, current: &Use) -> Value {
    let limit = |number: u64| (number > 0).then_some(number);
    let spent = u64::try_from(today.cost_micros).unwrap_or(0);
    let (vendor_remaining, vendor_resets_at) = current.vendor_remaining.unzip();
    let circuit = match current.circuit {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::HalfOpen => "half_open",
    };
    json!({
        "credential": credential,
        "requests_per_minute": limit(limits.requests_per_minute),
        "burst": limit(limits.burst),
        "concurrency": limit(limits.concurrency),
        "tokens_per_minute": limit(limits.tokens_per_minute),
        "cost_micros_per_day": limit(limits.cost_micros_per_day),
        "today": {
            "tokens": today.tokens,
            "cost_micros": today.cost_micros,
            "cost_micros_remaining": limit(limits.cost_micros_per_day).map(|cap| cap.saturating_sub(spent)),
        },
        "current": {
            "in_flight": current.in_flight,
            "waiting": current.waiting,
            "requests_today": current.requests_today,
            "requests_available": current.requests_available,
            "tokens_available": current.tokens_available,
            "learnt_requests_per_minute": current.learnt_requests_per_minute,
            "vendor_remaining": vendor_remaining,
            "vendor_resets_at": vendor_resets_at,
            "circuit": circuit,
            "circuit_open_until": current.circuit_open_until,
            "blocked_until": current.blocked_until,
        },
    })
}
