//! Keeps the leases of running jobs, and stops the jobs whose lease is gone or whose cancellation was asked for.
use crate::pulse::Beat;
use crate::running::{Running, StopReason};
use crate::{Context, WorkerOptions};
use futures::future::join_all;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::Held;
use tokio::time::Instant;

/// Locked rows that are waited for at once: each holds a connection.
const WAITERS: usize = 3;

/// However many rows are locked, each is waited for at least so long.
const PATIENCE: Duration = Duration::from_millis(20);

/// Renews thrice a lease until dropped. A process that cannot reach Postgres for a whole lease stops its jobs by itself: by
/// then they run elsewhere.
pub(crate) async fn run(context: Context, options: Arc<WorkerOptions>, running: Running, beat: Beat) {
    let mut ticks = tokio::time::interval(options.renewal_interval());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut renewed_at: HashMap<Held, Instant> = HashMap::new();
    loop {
        let asked = ticks.tick().await;
        beat.now();
        let held = running.held();
        renewed_at.retain(|lease, _| held.contains(lease));
        for lease in &held {
            renewed_at.entry(*lease).or_insert(asked);
        }
        let renewal = store::jobs::renew(&context.system, &held, options.lease_ms());
        // One that hangs must keep neither the next nor the end of a lease from being noticed.
        match tokio::time::timeout(options.renewal_interval(), renewal).await {
            Ok(Ok(renewed)) => {
                let mut renewed: HashMap<_, _> = renewed
                    .into_iter()
                    .map(|lease| (lease.held(), lease.cancel_requested))
                    .collect();
                let mut locked: Vec<Held> = held
                    .iter()
                    .filter(|lease| !renewed.contains_key(lease))
                    .copied()
                    .collect();
                locked.sort_by_key(|lease| renewed_at.get(lease).copied());
                renewed.extend(wait_for_all(&context, &options, &locked).await);
                for lease in &held {
                    match renewed.get(lease) {
                        Some(cancel_requested) => {
                            renewed_at.insert(*lease, asked);
                            if *cancel_requested {
                                running.stop_attempt(*lease, StopReason::Cancelled);
                            }
                        }
                        // Its row may only have been locked by the transaction that is ending it: wait out the lease.
                        None => stop_if_expired(&running, &renewed_at, *lease, &options),
                    }
                }
            }
            failed => {
                let error = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "no answer in time".to_owned(),
                };
                tracing::warn!(error, jobs = held.len(), "cannot renew leases");
                held.iter()
                    .for_each(|lease| stop_if_expired(&running, &renewed_at, *lease, &options));
            }
        }
    }
}

/// Renews leases whose rows were locked, those that were renewed last come last: a job that writes under its lease all the time would else be passed over each time, and
/// lose it. There is one time for all of them together, so that however many stay locked, the next renewal of the others comes when it should. Those that could be
/// renewed, and whether their cancellation was asked for.
async fn wait_for_all(context: &Context, options: &WorkerOptions, locked: &[Held]) -> Vec<(Held, bool)> {
    let whole = options.renewal_interval() / 4;
    let until = Instant::now() + whole;
    let turns = u32::try_from(locked.len().div_ceil(WAITERS)).unwrap_or(u32::MAX);
    let patience = (whole / turns.max(1)).max(PATIENCE);
    let mut renewed = Vec::new();
    for some in locked.chunks(WAITERS) {
        if Instant::now() >= until {
            break;
        }
        let waits = some.iter().map(|lease| wait_for(context, options, *lease, patience));
        let asked = join_all(waits).await.into_iter().zip(some);
        renewed.extend(asked.filter_map(|(cancel_requested, lease)| Some((*lease, cancel_requested?))));
    }
    renewed
}

/// Whether the job's cancellation was asked for; `None` when the lease could not be renewed.
async fn wait_for(context: &Context, options: &WorkerOptions, lease: Held, patience: Duration) -> Option<bool> {
    let patience_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    let renewal = store::jobs::renew_locked(&context.system, lease, options.lease_ms(), patience_ms);
    // Longer, but not long, lest a connection that hangs keeps the others' leases from being renewed.
    match tokio::time::timeout(patience + options.renewal_interval() / 4, renewal).await {
        Ok(Ok(renewed)) => renewed.map(|renewed| renewed.cancel_requested),
        Ok(Err(error)) => {
            tracing::debug!(job.id = %lease.id, %error, "the lease is locked");
            None
        }
        Err(_) => None,
    }
}

fn stop_if_expired(running: &Running, renewed_at: &HashMap<Held, Instant>, lease: Held, options: &WorkerOptions) {
    if renewed_at
        .get(&lease)
        .is_some_and(|at| at.elapsed() >= options.dispatch.lease())
    {
        tracing::warn!(job.id = %lease.id, "lease lost; stopping the job");
        running.stop_attempt(lease, StopReason::LeaseLost);
    }
}
