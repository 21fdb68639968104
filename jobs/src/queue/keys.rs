//! Names of keys and channels. Those of one pool share a hash tag, so that a Redis cluster keeps them together and scripts may use
//! them all. Every key of a tenant carries the tenant's id.
use super::Place;
use super::place::line;
use crate::{Limited, Pool};
use store::TenantId;

/// Grows when the keys come to mean something else. Processes of two versions then keep an index each, and every waiting job is
/// dispatched to both; Postgres lets it run once.
const LAYOUT: &str = "6";

/// What the keys of a pool start with. The scripts append
/// - `:q:<priority>:<tenant>:<line>`, the ids that wait, a line being `<kind>` or `<kind>@<base>+<base>`; `:kinds:<tenant>`, its kinds that wait, as
///   `<priority>:<kind>`, or `<priority>:<kind>@` for all the lines of bases of a kind, which are in `:lines:<priority>:<tenant>:<kind>`;
///   `:ring`, whose turn it is; `:turns`, how many of its turns a tenant has had, and `:passed`, how often a priority of a tenant was passed over;
/// - `:homes`, `:free`, `:warm:<home>`, `:wanted:<home>` and `:waits`: see `homes.lua`;
/// - `:queued`, all ids that wait, `:popped`, those that a worker has taken and Postgres has not decided about, and `:popped_at`, when any was taken last;
/// - `:limits`, `:held`, `:held:<field>` and `:places`, how many there have been: see `limits.lua`;
/// - `:bell`, a channel.
pub(crate) fn pool(prefix: &str, pool: Pool) -> String {
    format!("{{{prefix}:{pool}}}:{LAYOUT}")
}

/// The ids that wait in the line of a place, as the scripts name it too.
pub(crate) fn waiting(prefix: &str, of: Pool, place: &Place) -> String {
    let line = line(&place.kind, &place.knowledge_bases);
    format!("{}:q:{}:{}:{line}", pool(prefix, of), place.priority, place.tenant)
}

pub(crate) fn bell(prefix: &str, of: Pool) -> String {
    format!("{}:bell", pool(prefix, of))
}

pub(crate) fn fed(prefix: &str, of: Pool) -> String {
    format!("{}:fed", pool(prefix, of))
}

pub(crate) fn epoch(prefix: &str) -> String {
    format!("{prefix}:epoch:{LAYOUT}")
}

pub(crate) fn changes(prefix: &str) -> String {
    format!("{prefix}:changes")
}

pub(crate) fn cancellations(prefix: &str) -> String {
    format!("{prefix}:cancellations")
}

/// One limit on requests.
pub(crate) fn rate_limit(prefix: &str, of: &Limited<'_>) -> String {
    match of {
        Limited::Key { tenant, key, class } => format!("{{{prefix}:requests:{tenant}:{key}}}:{class}"),
        Limited::Address(address) => format!("{{{prefix}:requests:{address}}}:auth_failures"),
    }
}

/// What the keys of a tenant's governor start with; the scripts append `:<credential>:state`, `:leases`, `:granted`, `:places`, `:turns`, and `:credentials`.
/// All governors share a hash tag: a call with a credential of the installation is counted on two budgets by one script.
pub(crate) fn governor(prefix: &str, tenant: TenantId) -> String {
    format!("{{{prefix}:governor}}:{tenant}")
}

/// What the keys of the installation's governor start with; the scripts append `:<credential>:state`, `:leases`, `:granted`, `:waiting`, and `:credentials`.
pub(crate) fn installation_governor(prefix: &str) -> String {
    format!("{{{prefix}:governor}}:installation")
}
