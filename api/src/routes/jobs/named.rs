use std::collections::{HashMap, HashSet};
use store::jobs::{NamedJob, named};
use store::{JobId, StoreError, TenantTx};

/// In the place of an id under which the tenant has no job.
pub(crate) const NOT_FOUND: &str = "not_found";
/// Of a job that everything else that was asked for leaves out.
pub(crate) const NO_MATCH: &str = "no_match";

/// Those of `ids` that are not among `matched`, in their order, each with its job, where there is one.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn unmatched(
    tx: &mut TenantTx,
    ids: &[JobId],
    matched: &[JobId],
) -> Result<Vec<(JobId, Option<NamedJob>)>, StoreError> {
    let matched: HashSet<&JobId> = matched.iter().collect();
    let others: Vec<JobId> = ids.iter().filter(|id| !matched.contains(id)).copied().collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let found = named(tx, &others).await?.into_iter();
    let found: HashMap<JobId, NamedJob> = found.map(|job| (job.id, job)).collect();
    Ok(others.into_iter().map(|id| (id, found.get(&id).copied())).collect())
}
