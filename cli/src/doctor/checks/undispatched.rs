use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::inspect;

pub(super) const CHECK: Check = Check {
    name: "undispatched",
    run: |site| Box::pin(check(site)),
};

/// Jobs that are due and were not offered to Redis.
async fn check(site: &Site) -> Looked {
    let (system, queue) = (site.system()?, site.queue()?);
    let dispatch = &site.settings()?.dispatch;
    let pause = Duration::from_millis(2 * dispatch.reconcile_interval_ms) + Duration::from_secs(1);
    let redispatch = Duration::from_secs(dispatch.redispatch_after_secs);
    let epoch = queue.epoch().await?;
    let (redispatch_secs, grace_secs) = (redispatch.as_secs_f64(), pause.as_secs_f64());
    let look = async || inspect::undispatched(system, &epoch, redispatch_secs, grace_secs).await;
    let stuck = twice(pause, look).await?;
    if stuck.is_empty() {
        return Ok(Verdict::ok("whatever is due was offered to Redis"));
    }
    let found = Verdict::new(Health::Problem, "jobs that are due and that Redis was not offered").of(&stuck);
    if !site.repair {
        return Ok(found.advise("start a worker process, of any pool; or --repair, which offers them"));
    }
    ::workers::release_paused(system).await?;
    ::workers::dispatch_due_once(system, queue, redispatch).await?;
    let mut left = look().await?;
    left.retain(|id| stuck.contains(id));
    Ok(found.repaired(left.len()))
}
