use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::batches::recount;
use store::inspect::miscounted_batches;

pub(super) const CHECK: Check = Check {
    name: "batch_counts",
    run: |site| Box::pin(check(site)),
};

/// Batches whose counts are not those of their jobs: they would end too soon or never.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || miscounted_batches(system).await;
    let wrong = twice(Duration::from_secs(1), look).await?;
    if wrong.is_empty() {
        return Ok(Verdict::ok("every batch counts its jobs as they are"));
    }
    let found = Verdict::new(Health::Problem, "batches whose counts are not those of their jobs").of(&wrong);
    if !site.repair {
        return Ok(found.advise("--repair, which counts their jobs anew; and find out who wrote to the tables by hand"));
    }
    for batch in wrong {
        recount(system, batch).await?;
    }
    Ok(found.repaired(look().await?.len()))
}
