use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect;

pub(super) const CHECK: Check = Check {
    name: "interactive_jobs",
    run: |site| Box::pin(check(site)),
};

/// Workers sweep each minute.
const GRACE_SECS: f64 = 300.0;

/// Searches and answers that have outlived their time.
async fn check(site: &Site) -> Looked {
    let (system, dispatch) = (site.system()?, &site.settings()?.dispatch);
    let kept_secs = dispatch.interactive_retention_secs as f64 + GRACE_SECS;
    let look = async || inspect::overdue_interactive_jobs(system, kept_secs).await;
    let overdue = look().await?;
    if overdue.is_empty() {
        return Ok(Verdict::ok("no search or answer has outlived its time"));
    }
    let found = Verdict::new(Health::Warning, "searches and answers that have outlived their time").of(&overdue);
    if !site.repair {
        return Ok(found.advise("a worker process deletes them each minute; or --repair"));
    }
    ::workers::sweep_all(system, dispatch).await?;
    Ok(found.repaired(look().await?.len()))
}
