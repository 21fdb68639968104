//! Brings the limits of tenants and kinds from Postgres to Redis, where they are kept, and what counts under them into line with what runs.
use crate::{Context, reconciler};
use jobs::{Dispatch, Limit, Pool, PoolLimits};
use std::collections::HashSet;
use store::JobId;
use store::limits::InForce;

/// What ran when it was looked last.
#[derive(Default)]
pub(crate) struct Limits {
    ran: HashSet<JobId>,
}

impl Limits {
    pub(crate) async fn keep(&mut self, context: &Context) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let rows = store::limits::in_force(&context.system).await?;
        let mut limited = Vec::new();
        for pool in Pool::ALL {
            let limits = of_pool(pool, &rows);
            if context.queue.set_limits(pool, &limits).await? {
                tracing::info!(%pool, none = limits.is_empty(), "limits are in force");
            }
            if !limits.is_empty() {
                limited.push(pool);
            }
        }
        if limited.is_empty() {
            self.ran.clear();
            return Ok(());
        }
        let asked_ms = context.queue.now_ms().await?;
        let running: Vec<Dispatch> = reconciler::dispatches(store::jobs::running(&context.system).await?);
        for pool in limited {
            context.queue.correct(pool, asked_ms, &running, &self.ran).await?;
        }
        self.ran = running.into_iter().map(|job| job.id).collect();
        Ok(())
    }
}

fn of_pool(pool: Pool, rows: &[InForce]) -> PoolLimits {
    let mut limits = PoolLimits::default();
    for row in rows {
        // A kind is of one pool only, so that its limit does no harm in another.
        if row.pool.as_deref().is_some_and(|name| name != pool.as_str()) {
            continue;
        }
        let limit = match (row.tenant_id, row.kind.as_deref()) {
            (Some(tenant), Some(kind)) => Limit::KindOfTenant(tenant, kind),
            (Some(tenant), None) => {
                if let Some(weight) = row.weight.filter(|weight| *weight > 1) {
                    limits.set_weight(tenant, weight.unsigned_abs());
                }
                Limit::Tenant(tenant)
            }
            (None, Some(kind)) => Limit::Kind(kind),
            (None, None) => continue,
        };
        if let Some(most) = row.max_running {
            limits.set(limit, most.unsigned_abs());
        }
    }
    limits
}
