use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::{role_faults, system_login_faults};

pub(super) const CHECK: Check = Check {
    name: "roles",
    run: |site| Box::pin(check(site)),
};

/// Who logs in as whom, and may do no more than that.
async fn check(site: &Site) -> Looked {
    let mut faults = role_faults(site.store()?).await?;
    let system = site.try_system();
    if let Ok(system) = system {
        faults.extend(system_login_faults(system).await?);
    }
    if !faults.is_empty() {
        let found = Verdict::new(Health::Problem, "the roles may more, or less, than they should");
        return Ok(found
            .of(&faults)
            .advise("run migrations/roles.sql again; take from the roles by hand what it does not"));
    }
    if let Err(why) = system {
        let found = format!("the app role is in order; the system role's login is unseen: {why}");
        return Ok(Verdict::new(Health::Skipped, found));
    }
    Ok(Verdict::ok(
        "no superuser, nobody past row-level security, and the serving roles own nothing",
    ))
}
