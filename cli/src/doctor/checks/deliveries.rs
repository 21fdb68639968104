use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::{Health, Site, Verdict};
use std::time::Duration;
use store::inspect::lost_deliveries;
use store::{StoreError, webhooks};

pub(super) const CHECK: Check = Check {
    name: "deliveries",
    run: |site| Box::pin(check(site)),
};

/// Deliveries of webhooks that nothing carries out any more.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || lost_deliveries(system).await;
    let lost = twice(Duration::from_secs(1), look).await?;
    if lost.is_empty() {
        return Ok(Verdict::ok("every pending delivery has a job that carries it out"));
    }
    let found = Verdict::new(Health::Problem, "deliveries of webhooks whose job is dead or missing").of(&lost);
    if !site.repair {
        return Ok(found.advise("see why the jobs died (`jobs show`); then --repair, which gives each delivery a new job, under the id that it has"));
    }
    let store = site.store()?;
    for delivery in lost {
        let again = async |tx: &mut store::TenantTx| webhooks::replay(tx, delivery.endpoint_id, delivery.id).await;
        match store.tenant(delivery.tenant_id, again).await {
            // Deleted, disabled or replayed by its tenant meanwhile.
            Ok(_) | Err(StoreError::Conflict { .. } | StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found.repaired(look().await?.len()))
}
