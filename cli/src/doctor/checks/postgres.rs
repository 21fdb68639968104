use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::StoreError;

pub(super) const CHECK: Check = Check {
    name: "postgres",
    run: |site| Box::pin(check(site)),
};

/// It answers to both roles, and is new enough.
async fn check(site: &Site) -> Looked {
    let settings = site.settings()?;
    if settings.database.url.is_none() {
        site.store()?;
    }
    let store = match site.try_store() {
        Ok(store) => store,
        Err(why) => return Ok(unreachable("DATABASE_URL", why)),
    };
    if settings.database.system_url.is_some()
        && let Err(why) = site.try_system()
    {
        return Ok(unreachable("DATABASE_SYSTEM_URL", why));
    }
    match store::check_server_version(store).await {
        Err(StoreError::Version(why)) => Ok(Verdict::new(Health::Problem, why).advise("upgrade the server")),
        checked => {
            checked?;
            let server = store::inspect::server_state(store).await?;
            Ok(Verdict::ok(format!("PostgreSQL {} answers", server.version)))
        }
    }
}

fn unreachable(url: &str, why: &str) -> Verdict {
    Verdict::new(Health::Problem, format!("no connection by {url}: {why}"))
        .advise("start PostgreSQL, or correct the URL; jobs that were accepted are safe")
}
