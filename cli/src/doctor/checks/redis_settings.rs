use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};

pub(super) const CHECK: Check = Check {
    name: "redis_settings",
    run: |site| Box::pin(check(site)),
};

/// It evicts nothing, and can be written to. Persistence is not needed: what it loses is offered again from PostgreSQL.
async fn check(site: &Site) -> Looked {
    let report = site.answering_queue()?.server_report().await?;
    if report.eviction_policy != "noeviction" {
        let found = format!("maxmemory-policy is {}", report.eviction_policy);
        return Ok(Verdict::new(Health::Problem, found)
            .advise("set maxmemory-policy to noeviction: a key that is evicted can leave an id that no worker sees"));
    }
    if report.persistence_failed {
        let found = "the last snapshot or append-only write failed, and Redis may refuse writes";
        return Ok(Verdict::new(Health::Problem, found)
            .advise("look at Redis' log and its disk; or turn persistence off, which is not needed"));
    }
    if report.evicted_keys > 0 {
        let found = format!("{} keys were evicted since Redis started", report.evicted_keys);
        return Ok(Verdict::new(Health::Warning, found)
            .advise("the policy is right by now; the check dispatch_index finds what they left"));
    }
    let persistence = if report.append_only { "with" } else { "without" };
    Ok(Verdict::ok(format!("noeviction, {persistence} an append-only file")))
}
