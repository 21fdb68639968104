use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::missing_partitions;
use store::jobs::{WEEKS_AHEAD, create_partitions};

pub(super) const CHECK: Check = Check {
    name: "partitions",
    run: |site| Box::pin(check(site)),
};

/// Workers make them each minute: only the last may be missing.
const WEEKS: i32 = WEEKS_AHEAD - 1;

async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let missing = missing_partitions(system, WEEKS).await?;
    if missing.is_empty() {
        return Ok(Verdict::ok("this week and those after it have their partitions"));
    }
    let found = Verdict::new(Health::Problem, "partitions of the coming weeks are missing").of(&missing);
    if !site.repair {
        return Ok(found.advise(
            "--repair makes them; workers do so each minute: if some run, look for \"cannot make job partitions\"",
        ));
    }
    create_partitions(system).await?;
    Ok(found.repaired(missing_partitions(system, WEEKS).await?.len()))
}
