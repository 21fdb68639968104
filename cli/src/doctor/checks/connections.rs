use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::server_state;

pub(super) const CHECK: Check = Check {
    name: "connections",
    run: |site| Box::pin(check(site)),
};

/// What a whole installation keeps to.
const BUDGET: u32 = 50;

/// The pools of a process that runs everything, and one connection for whoever administers: within the budget and the server's limit. So are
/// the connections that there are.
async fn check(site: &Site) -> Looked {
    let database = &site.settings()?.database;
    let server = server_state(site.store()?).await?;
    let pools = database
        .app_connections
        .saturating_add(database.system_connections)
        .saturating_add(1);
    let allowed = u32::try_from(server.connections_allowed).unwrap_or(0);
    let found = format!(
        "pools of {pools} in all, {} connections open, {allowed} allowed by the server",
        server.connections_ours
    );
    if pools > allowed {
        return Ok(Verdict::new(Health::Problem, found)
            .advise("raise the server's max_connections, or lower database.app_connections and system_connections"));
    }
    if pools > BUDGET || server.connections_ours > i64::from(BUDGET) {
        return Ok(Verdict::new(Health::Warning, found).advise(format!(
            "an installation keeps to {BUDGET}: divide app_connections and system_connections among its processes"
        )));
    }
    Ok(Verdict::ok(found))
}
