use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::{replicas_behind, resume_deletions, unerased_deletions};

pub(super) const CHECK: Check = Check {
    name: "deletions",
    run: |site| Box::pin(check(site)),
};

/// A replica of a process that lives confirms within its refresh interval.
const PATIENCE_MINUTES: i64 = 10;

/// Deletions whose rows are still there, and replicas that have not let go of what was deleted. Nobody finds any of it; it is still on a disk.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let unerased = unerased_deletions(system, PATIENCE_MINUTES).await?;
    if !unerased.is_empty() {
        let found = "deletions whose rows are still in the database";
        let found = Verdict::new(Health::Problem, found).of(&unerased);
        if !site.repair {
            return Ok(found.advise(
                "`visualkit jobs why` says what their jobs wait for; --repair queues those again that are dead or were cancelled",
            ));
        }
        let resumed = resume_deletions(system, PATIENCE_MINUTES).await?;
        return Ok(found.repaired(unerased.len().saturating_sub(resumed)));
    }
    let behind = replicas_behind(system, PATIENCE_MINUTES).await?;
    if behind.is_empty() {
        return Ok(Verdict::ok(
            "no replica holds what was deleted more than ten minutes ago",
        ));
    }
    let found = "replicas left behind: their disks may hold what was deleted";
    Ok(Verdict::new(Health::Warning, found).of(&behind).advise(
        "start the retrieval process again that has the slot in its data directory (slot.id), or delete the directory; after deletion.replica_lost_after_hours it is given up",
    ))
}
