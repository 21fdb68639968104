use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::jobs::{WEEKS_AHEAD, count_default_rows, create_partitions};

pub(super) const CHECK: Check = Check {
    name: "default_partitions",
    run: |site| Box::pin(check(site)),
};

/// Rows whose week had no partition when they were written.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let rows = count_default_rows(system).await?;
    if rows == 0 {
        return Ok(Verdict::ok("they hold no rows"));
    }
    let found = Verdict::new(Health::Problem, format!("{rows} job rows are in default partitions"));
    if !site.repair {
        return Ok(found.advise(format!(
            "--repair moves them to their weeks, up to {WEEKS_AHEAD} ahead; set the clock of the process that made them"
        )));
    }
    create_partitions(system).await?;
    let left = count_default_rows(system).await?;
    Ok(found.repaired(usize::try_from(left).unwrap_or(usize::MAX)))
}
