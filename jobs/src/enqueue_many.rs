use crate::{Dispatch, EnqueueError, Kind};
use std::collections::HashSet;
use store::jobs::NewJob;
use store::{JobId, TenantTx};

/// [`enqueue`](crate::enqueue) without options for many jobs of one kind, which costs one statement. Returns their ids, in the order given, and what
/// is to be given to [`Queue::push`](crate::Queue::push) after commit.
///
/// # Errors
/// [`EnqueueError`].
pub async fn enqueue_many<K: Kind>(tx: &mut TenantTx, jobs: &[K]) -> Result<(Vec<JobId>, Vec<Dispatch>), EnqueueError> {
    let new = jobs.iter().map(row).collect::<Result<Vec<NewJob>, _>>()?;
    let due: HashSet<JobId> = store::jobs::create_many(tx, &new).await?.into_iter().collect();
    let tenant = tx.tenant();
    let dispatch = |job: &NewJob| Dispatch {
        id: job.id,
        tenant,
        pool: K::POOL,
        priority: job.priority,
        kind: K::NAME.to_owned(),
        knowledge_bases: job.knowledge_base_ids.clone(),
    };
    let dispatches = new.iter().filter(|job| due.contains(&job.id)).map(dispatch).collect();
    Ok((new.iter().map(|job| job.id).collect(), dispatches))
}

fn row<K: Kind>(job: &K) -> Result<NewJob, serde_json::Error> {
    Ok(NewJob {
        id: JobId::generate(),
        pool: K::POOL.as_str(),
        kind: K::NAME,
        payload_version: K::VERSION,
        interactive: K::POOL.is_interactive(),
        priority: 1,
        run_at: None,
        max_attempts: K::RETRY.max_attempts,
        parent_id: None,
        awaits_batch: false,
        document_id: None,
        knowledge_base_ids: job.knowledge_bases(),
        created_by: None,
        trace_context: None,
        unique_key: None,
        schedule: None,
        payload: serde_json::to_value(job)?,
    })
}
