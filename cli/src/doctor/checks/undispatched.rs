use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use ::workers::{DispatchError, lost_offers};
use jobs::Queue;
use std::time::Duration;
use store::jobs::unmark_dispatch;
use store::{JobId, System, inspect};

pub(super) const CHECK: Check = Check {
    name: "undispatched",
    run: |site| Box::pin(check(site)),
};

/// Jobs that are due and were not offered to Redis.
async fn check(site: &Site) -> Looked {
    let (system, queue) = (site.system()?, site.answering_queue()?);
    let dispatch = &site.settings()?.dispatch;
    let pause = Duration::from_millis(2 * dispatch.reconcile_interval_ms) + Duration::from_secs(1);
    let age = Duration::from_secs(dispatch.redispatch_after_secs) + pause;
    let epoch = queue.epoch().await?;
    let look = async || {
        let mut found = inspect::undispatched(system, &epoch, pause.as_secs_f64()).await?;
        found.extend(lost(system, queue, age).await?);
        Ok::<_, DispatchError>(found)
    };
    let stuck = twice(pause, look).await?;
    if stuck.is_empty() {
        return Ok(Verdict::ok("whatever is due was offered to Redis"));
    }
    let found = Verdict::new(Health::Problem, "jobs that are due and that Redis was not offered").of(&stuck);
    if !site.repair {
        return Ok(found.advise("start a worker process, of any pool; or --repair, which offers them"));
    }
    ::workers::release_paused(system).await?;
    ::workers::dispatch_due_once(system, queue).await?;
    unmark_dispatch(system, &lost(system, queue, age).await?).await?;
    ::workers::dispatch_due_once(system, queue).await?;
    let mut left = look().await?;
    left.retain(|id| stuck.contains(id));
    Ok(found.repaired(left.len()))
}

/// Thousands of waiting jobs that are looked up in Redis.
const LOOKS: usize = 100;

/// What Redis was offered longer ago than workers take to see that it is not there.
async fn lost(system: &System, queue: &Queue, age: Duration) -> Result<Vec<JobId>, DispatchError> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..LOOKS {
        let (lost, next) = lost_offers(system, queue, age, after.as_ref()).await?;
        found.extend(lost);
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}
