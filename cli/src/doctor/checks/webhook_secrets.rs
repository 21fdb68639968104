use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::tenants_with_webhooks;
use store::secrets::MasterKeys;
use store::webhooks::unopenable;

pub(super) const CHECK: Check = Check {
    name: "webhook_secrets",
    run: |site| Box::pin(check(site)),
};

/// The master key opens the secrets of all webhooks.
async fn check(site: &Site) -> Looked {
    let tenants = tenants_with_webhooks(site.system()?).await?;
    if tenants.is_empty() {
        return Ok(Verdict::ok("there are no webhooks"));
    }
    let Some(keys) = MasterKeys::of(&site.settings()?.secrets) else {
        let found = Verdict::new(
            Health::Problem,
            "there are webhooks, and no VISUALKIT_MASTER_KEY that opens their secrets",
        );
        return Ok(
            found.advise("set it here as it is set for `serve` and the workers; without it nothing is delivered")
        );
    };
    let mut closed = Vec::new();
    for tenant in tenants {
        let keys = &keys;
        let found = site
            .store()?
            .tenant(tenant, async move |tx| unopenable(tx, keys).await)
            .await?;
        closed.extend(
            found
                .into_iter()
                .map(|(webhook, error)| format!("{webhook} of {tenant}: {error}")),
        );
    }
    if closed.is_empty() {
        return Ok(Verdict::ok("the master key opens the secrets of all webhooks"));
    }
    let found = Verdict::new(Health::Problem, "webhooks whose secrets the master key does not open").of(&closed);
    Ok(found.advise(
        "add the key they were sealed under to VISUALKIT_ACCEPTED_MASTER_KEYS; if it is lost, their tenants rotate their secrets",
    ))
}
