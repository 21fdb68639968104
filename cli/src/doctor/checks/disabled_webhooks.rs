use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::tenants_with_webhooks;
use store::webhooks;

pub(super) const CHECK: Check = Check {
    name: "disabled_webhooks",
    run: |site| Box::pin(check(site)),
};

/// Webhooks that were disabled because they failed: their tenants are told nothing, and may not know.
async fn check(site: &Site) -> Looked {
    let mut disabled = Vec::new();
    for tenant in tenants_with_webhooks(site.system()?).await? {
        let all = site
            .store()?
            .tenant(tenant, async |tx| webhooks::list(tx).await)
            .await?;
        disabled.extend(all.into_iter().filter_map(|webhook| {
            let (reason, at) = (webhook.disabled_reason?, webhook.disabled_at?);
            Some(format!(
                "{} of {tenant}: {reason} since {}",
                webhook.id,
                at.format("%F %T UTC")
            ))
        }));
    }
    if disabled.is_empty() {
        return Ok(Verdict::ok("no webhook was disabled because it failed"));
    }
    let found = Verdict::new(Health::Warning, "webhooks that were disabled because they failed").of(&disabled);
    Ok(found.advise("tell their tenants, who mend the receiver, enable the webhook and replay what failed"))
}
