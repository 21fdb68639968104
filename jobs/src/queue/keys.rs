//! Names of keys and channels. Those of one pool share a hash tag, so that a Redis cluster keeps them together and scripts may use
//! them all. Every key of a tenant carries the tenant's id.
use crate::Pool;

/// What the keys of a pool start with; the scripts append `:q:<priority>:<tenant>`, `:ring:<priority>`, `:queued`, `:popped`, `:bell`.
pub(crate) fn pool(prefix: &str, pool: Pool) -> String {
    format!("{{{prefix}:{pool}}}")
}

pub(crate) fn bell(prefix: &str, of: Pool) -> String {
    format!("{}:bell", pool(prefix, of))
}

pub(crate) fn epoch(prefix: &str) -> String {
    format!("{prefix}:epoch")
}

pub(crate) fn changes(prefix: &str) -> String {
    format!("{prefix}:changes")
}

pub(crate) fn cancellations(prefix: &str) -> String {
    format!("{prefix}:cancellations")
}
