use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::policy_faults;

pub(super) const CHECK: Check = Check {
    name: "row_level_security",
    run: |site| Box::pin(check(site)),
};

async fn check(site: &Site) -> Looked {
    let faults = policy_faults(site.store()?).await?;
    if faults.is_empty() {
        return Ok(Verdict::ok(
            "forced on every table, with the tenant's policy on every tenant table",
        ));
    }
    let found = Verdict::new(Health::Problem, "tenants are not kept apart on some tables");
    Ok(found.of(&faults).advise(
        "stop the API; as the owner: CALL protect_tenant_table('…'), or ALTER TABLE … FORCE ROW LEVEL SECURITY",
    ))
}
