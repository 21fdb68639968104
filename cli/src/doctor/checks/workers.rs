use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use jobs::Pool;
use store::pools::loads;

pub(super) const CHECK: Check = Check {
    name: "workers",
    run: |site| Box::pin(check(site)),
};

/// Each pool has a worker that lives.
async fn check(site: &Site) -> Looked {
    let pools = loads(site.system()?, &Pool::ALL.map(Pool::as_str)).await?;
    let without: Vec<_> = pools.iter().filter(|pool| pool.workers == 0).collect();
    let names: Vec<&str> = without.iter().map(|pool| pool.pool.as_str()).collect();
    if without.is_empty() {
        let workers: i64 = pools.iter().map(|pool| pool.workers).sum();
        return Ok(Verdict::ok(format!("{workers} workers live, in every pool")));
    }
    let waiting: i64 = without.iter().map(|pool| pool.queued).sum();
    let advice =
        "visualkit worker --pools NAME; without any worker process, jobs that are due later are not dispatched either";
    let (health, found) = match waiting {
        0 => (
            Health::Warning,
            "pools without a worker; nothing waits in them".to_owned(),
        ),
        waiting => (
            Health::Problem,
            format!("pools without a worker, and {waiting} jobs wait in them"),
        ),
    };
    Ok(Verdict::new(health, found).of(&names).advise(advice))
}
