//! Fires schedules. The database's clock says what is due; one short transaction of the tenant decides about a schedule's ticks.
use crate::pulse::Beat;
use crate::{Context, WorkerOptions};
use jobs::schedules::{Look, fire_due};
use jobs::{Catalogue, Dispatch};
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use store::schedules::{DueSchedule, list_due};
use tokio::time::MissedTickBehavior;

/// Schedules that are listed at once.
const CHUNK: i64 = 100;

/// Fires what is due until dropped.
pub(crate) async fn run(context: Context, options: Arc<WorkerOptions>, beat: Beat) {
    let catalogue = Catalogue::new(context.settings.diagnostics.enabled);
    let mut ticks = tokio::time::interval(Duration::from_millis(options.dispatch.reconcile_interval_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        beat.now();
        if let Err(error) = fire_all(&context, &catalogue).await {
            tracing::warn!(%error, "cannot see which schedules are due; trying again");
        }
    }
}

/// Goes once through all that are due. One that cannot be fired does not stand before the others.
async fn fire_all(context: &Context, catalogue: &Catalogue) -> Result<(), StoreError> {
    let mut last = None;
    loop {
        let due = list_due(&context.system, last, CHUNK).await?;
        let full = i64::try_from(due.len()).unwrap_or(i64::MAX) >= CHUNK;
        last = due.last().copied();
        let mut dispatches = Vec::new();
        for schedule in due {
            dispatches.extend(fire(context, catalogue, schedule).await);
        }
        // Once for all of them: while Redis is away, each push takes its time.
        context.queue.push(&dispatches).await;
        if !full {
            return Ok(());
        }
    }
}

/// Returns the jobs that are to be pushed.
async fn fire(context: &Context, catalogue: &Catalogue, due: DueSchedule) -> Vec<Dispatch> {
    let DueSchedule { tenant_id, id, .. } = due;
    let look = context
        .store
        .tenant(tenant_id, async move |tx| fire_due(tx, id, catalogue).await)
        .await;
    match look {
        Ok(Some(look)) => {
            report(&look);
            if let Some((reason, true)) = &look.refusal {
                tracing::warn!(tenant.id = %tenant_id, schedule.id = %id, reason, "a schedule cannot fire and is disabled");
            }
            look.dispatches
        }
        Ok(None) => Vec::new(),
        Err(error) => {
            tracing::warn!(tenant.id = %tenant_id, schedule.id = %id, %error, "cannot fire a schedule; trying again");
            Vec::new()
        }
    }
}

fn report(look: &Look) {
    for (outcome, ticks) in &look.decided {
        metrics::counter!("schedule_firings_total", "outcome" => outcome.as_str()).increment(*ticks as u64);
    }
    for late in &look.lateness {
        metrics::histogram!("schedule_lateness_seconds").record(late.to_std().unwrap_or_default().as_secs_f64());
    }
    if let Some((_, true)) = look.refusal {
        metrics::counter!("schedules_disabled_total").increment(1);
    }
}
