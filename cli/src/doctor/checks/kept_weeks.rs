use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::kept_weeks;

pub(super) const CHECK: Check = Check {
    name: "kept_weeks",
    run: |site| Box::pin(check(site)),
};

/// A week goes as a whole: one job that nobody ends keeps those of all tenants.
async fn check(site: &Site) -> Looked {
    let days = i32::try_from(site.settings()?.dispatch.job_retention_days).unwrap_or(i32::MAX);
    let kept = kept_weeks(site.system()?, days).await?;
    if kept.is_empty() {
        return Ok(Verdict::ok("no week of jobs is kept beyond its time"));
    }
    Ok(
        Verdict::new(Health::Warning, "jobs that keep weeks beyond `job_retention_days`, by week, tenant and state")
            .of(&kept)
            .advise("replay or discard what is dead, cancel what will never run, end pauses, close batches; or let their tenants do so"),
    )
}
