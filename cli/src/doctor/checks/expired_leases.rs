use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::inspect;

pub(super) const CHECK: Check = Check {
    name: "expired_leases",
    run: |site| Box::pin(check(site)),
};

/// Any worker process finds them within a fraction of this.
const GRACE_SECS: f64 = 2.0;

/// Jobs of workers that fell silent, which nobody has taken.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || inspect::expired_leases(system, GRACE_SECS).await;
    let expired = twice(Duration::from_secs(1), look).await?;
    if expired.is_empty() {
        return Ok(Verdict::ok("none was left lying"));
    }
    let found = Verdict::new(
        Health::Problem,
        "running jobs whose worker fell silent, and that nobody takes",
    )
    .of(&expired);
    if !site.repair {
        return Ok(found.advise("start a worker process, of any pool; or --repair, which queues them again"));
    }
    let queue = site.queue()?;
    ::workers::expire_leases_once(system, queue, None).await?;
    Ok(found.repaired(look().await?.len()))
}
