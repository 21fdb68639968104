use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::inspect;

pub(super) const CHECK: Check = Check {
    name: "job_locks",
    run: |site| Box::pin(check(site)),
};

/// Workers go round them, some thousands a minute.
const GRACE_SECS: f64 = 3600.0;

/// Unique keys of jobs that have ended. They keep nobody from anything; they say that nobody sweeps.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || inspect::dead_locks(system, GRACE_SECS).await;
    let dead = twice(Duration::from_secs(1), look).await?;
    if dead.is_empty() {
        return Ok(Verdict::ok(
            "each unique key is held by a job that has not ended, or was just swept",
        ));
    }
    let found = Verdict::new(Health::Warning, "unique keys of jobs that have ended").of(&dead);
    if !site.repair {
        return Ok(found.advise("worker processes go round them; or --repair"));
    }
    ::workers::sweep_all(system, &site.settings()?.dispatch).await?;
    Ok(found.repaired(look().await?.len()))
}
