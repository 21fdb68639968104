use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::suspects;

pub(super) const CHECK: Check = Check {
    name: "suspects",
    run: |site| Box::pin(check(site)),
};

/// Jobs that lost more than one worker within the last hour: it may be they that kill them.
async fn check(site: &Site) -> Looked {
    let found = suspects(site.system()?).await?;
    if found.is_empty() {
        return Ok(Verdict::ok("no job has lost two workers within the last hour"));
    }
    let verdict = Verdict::new(
        Health::Warning,
        "jobs that have lost more than one worker within the last hour",
    )
    .of(&found);
    Ok(verdict.advise("see how those processes ended (out of memory?); `visualkit pause --kind KIND` keeps the others of the kind from more"))
}
