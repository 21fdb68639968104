//! Carries on with deletions whose rows are gone: see [`store::deletions::settle`].
use crate::Context;
use crate::pulse::Beat;
use crate::reconciler::interval;
use store::deletions::{Keeping, settle};

const INTERVAL_MS: u64 = 2000;
/// The most vectors, and receipts that are past their time, that one look takes.
const CHUNK: i32 = 1000;

/// Until dropped. Any number of processes may do it; one at a time does.
pub(crate) async fn run(context: Context, beat: Beat) {
    let settings = &context.settings.deletion;
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let keeping = Keeping {
        replica_hours: number(settings.replica_lost_after_hours),
        receipt_days: number(settings.receipt_days),
    };
    let mut ticks = interval(INTERVAL_MS);
    loop {
        ticks.tick().await;
        beat.now();
        match settle(&context.system, keeping, CHUNK).await {
            Ok(Some(open)) => metrics::gauge!("deletions_open").set(f64::from(open)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "cannot go on with deletions; trying again in a moment"),
        }
    }
}
