//! Finds jobs that Redis was offered and does not have: whoever was about to push them died, or Redis lost them without losing its name.
use crate::reconciler::dispatches;
use crate::{Context, DispatchError};
use jobs::{Pool, Queue};
use std::time::{Duration, Instant};
use store::jobs::{Offered, offered_before, still_queued};
use store::{JobId, System};

/// Rows a look.
const CHUNK: i64 = 1000;
/// Looks a tick: what waits is gone through in small steps, since all of it may be much.
const LOOKS: usize = 5;

/// Goes through all that waits, again and again.
pub(crate) struct LostOffers {
    /// Only what was offered longer ago than this is looked at: the rest is on its way.
    age: Duration,
    /// Where the last look ended; none between two passes.
    after: Option<Offered>,
    /// When the next pass may begin.
    next: Instant,
}

impl LostOffers {
    pub(crate) fn new(age: Duration) -> Self {
        Self {
            age,
            after: None,
            next: Instant::now(),
        }
    }

    /// Takes some steps, and offers again what Redis lacks.
    pub(crate) async fn look(&mut self, context: &Context) -> Result<(), DispatchError> {
        if self.after.is_none() && Instant::now() < self.next {
            return Ok(());
        }
        self.next = Instant::now() + self.age / 6;
        for _ in 0..LOOKS {
            let (lost, after) = lost_offers(&context.system, &context.queue, self.age, self.after.as_ref()).await?;
            let queued = dispatches(still_queued(&context.system, &lost).await?);
            if !queued.is_empty() {
                tracing::warn!(
                    jobs = queued.len(),
                    "Redis lacks jobs that it was offered; offering them again"
                );
                context.queue.try_push(&queued).await?;
            }
            self.after = after;
            if self.after.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Those of the next thousand jobs behind `after` that were offered longer than `age` ago and are not in the index, and where to go on; `None` at the end. Each
/// may have been claimed just now.
///
/// # Errors
/// [`DispatchError`].
pub async fn lost_offers(
    system: &System,
    queue: &Queue,
    age: Duration,
    after: Option<&Offered>,
) -> Result<(Vec<JobId>, Option<Offered>), DispatchError> {
    let epoch = queue.epoch().await?;
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let offered = offered_before(system, &epoch, age_ms, after, CHUNK).await?;
    let mut lost = Vec::new();
    for pool in Pool::ALL {
        let of_pool = offered.iter().filter(|offered| offered.pool == pool.as_str());
        let ids: Vec<JobId> = of_pool.map(|offered| offered.id).collect();
        lost.extend(queue.lacks(pool, &ids).await?);
    }
    let full = i64::try_from(offered.len()).unwrap_or(i64::MAX) >= CHUNK;
    Ok((lost, offered.into_iter().next_back().filter(|_| full)))
}
