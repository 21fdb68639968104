use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect;

pub(super) const CHECK: Check = Check {
    name: "idempotency_keys",
    run: |site| Box::pin(check(site)),
};

/// Workers sweep each minute.
const GRACE_SECS: f64 = 300.0;

/// Keys that have expired and are still there. They are no longer heeded; they say that nobody sweeps.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || inspect::overdue_idempotency_keys(system, GRACE_SECS).await;
    let overdue = look().await?;
    if overdue.is_empty() {
        return Ok(Verdict::ok("none is overdue"));
    }
    let found = Verdict::new(Health::Warning, "idempotency keys that have expired").of(&overdue);
    if !site.repair {
        return Ok(found.advise("a worker process sweeps them each minute; or --repair"));
    }
    ::workers::sweep_all(system, &site.settings()?.dispatch).await?;
    Ok(found.repaired(look().await?.len()))
}
