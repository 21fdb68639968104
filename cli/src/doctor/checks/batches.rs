use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::inspect::neglected_batches;

pub(super) const CHECK: Check = Check {
    name: "batches",
    run: |site| Box::pin(check(site)),
};

/// Any worker process tends batches within a second.
const PAUSE: Duration = Duration::from_secs(3);

/// Batches that should have ended, or whose jobs should have been cancelled, and jobs that wait for a batch that has ended.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || neglected_batches(system).await;
    let neglected = twice(PAUSE, look).await?;
    if neglected.is_empty() {
        return Ok(Verdict::ok("whatever was to end has ended, and what follows was told"));
    }
    let found = Verdict::new(Health::Problem, "batches that nobody tends").of(&neglected);
    if !site.repair {
        return Ok(
            found.advise("start a worker process, of any pool; or --repair, which ends them and offers what follows")
        );
    }
    ::workers::tend_batches(system, site.queue()?).await?;
    Ok(found.repaired(look().await?.len()))
}
