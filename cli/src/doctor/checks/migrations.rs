use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::inspect::migration_state;

pub(super) const CHECK: Check = Check {
    name: "migrations",
    run: |site| Box::pin(check(site)),
};

/// The schema is that of this binary.
async fn check(site: &Site) -> Looked {
    let state = migration_state(site.store()?).await?;
    if !state.pending.is_empty() {
        let found = Verdict::new(
            Health::Problem,
            format!("{} migrations have not run", state.pending.len()),
        );
        return Ok(found.of(&state.pending).advise("visualkit migrate"));
    }
    if !state.unknown.is_empty() {
        let found = Verdict::new(
            Health::Warning,
            "the database has migrations that this binary does not know",
        );
        return Ok(found
            .of(&state.unknown)
            .advise("finish the rollout: this machine runs an older release"));
    }
    Ok(Verdict::ok("all migrations have run"))
}
