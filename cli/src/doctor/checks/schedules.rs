use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::schedules::list_due;

pub(super) const CHECK: Check = Check {
    name: "schedules",
    run: |site| Box::pin(check(site)),
};

/// Any worker process fires what is due within a second.
const PAUSE: Duration = Duration::from_secs(3);
/// As many are looked at.
const LOOKED_AT: i64 = 1_000;

/// Schedules that are due and that nobody fires.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || -> Result<Vec<String>, store::StoreError> {
        let due = list_due(system, None, LOOKED_AT).await?;
        let line = |due: &store::schedules::DueSchedule| format!("{} of {}, due {}", due.id, due.tenant_id, due.due_at);
        Ok(due.iter().map(line).collect())
    };
    let stuck = twice(PAUSE, look).await?;
    if stuck.is_empty() {
        return Ok(Verdict::ok("whatever was due has fired"));
    }
    let found = Verdict::new(Health::Problem, "schedules that are due and do not fire").of(&stuck);
    Ok(found
        .advise("start a worker process, of any pool; if some run, look for \"cannot fire a schedule\" in their logs"))
}
