use super::feed;
use super::index::Index;
use super::open::{Inner, OpenReplica, failed, panicked};
use crate::JobError;
use retrieval::DocumentChange;
use store::index_changes::{self, Change};
use store::{DocumentId, StoreError, documents, knowledge_bases};

/// Documents per step: each step is one commit of the replica.
const PAGE: i64 = 200;

/// Applies the change log up to its head, unless somebody else has brought the replica to `wanted` meanwhile.
pub(super) async fn run(inner: &Inner, index: Index, open: &OpenReplica, wanted: u64) -> Result<(), JobError> {
    let Index {
        tenant,
        base,
        generation,
    } = index;
    let _one_at_a_time = open.catching_up.lock().await;
    let start = cursor(open)?;
    if u64::try_from(start).unwrap_or(0) >= wanted {
        return Ok(());
    }
    let head = inner
        .store
        .tenant(tenant, async |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    // A base that is gone, or has no such index any more: whoever tidies removes the replica.
    let Some((head, by_index)) = head.and_then(|head| Some((head.seq, head.by_generation(generation)?))) else {
        return Ok(());
    };
    let mut page: Option<Change> = None;
    loop {
        let (changed, step) = inner
            .store
            .tenant(tenant, async |tx| {
                let changed = index_changes::between(tx, base, start, head, page, PAGE).await?;
                let ids: Vec<DocumentId> = changed.iter().map(|change| change.document_id).collect();
                let ready = documents::indexed(tx, &by_index.embedding_model, &ids).await?;
                Ok::<_, StoreError>((changed, feed::changes(&ids, ready)))
            })
            .await?;
        let last = i64::try_from(changed.len()).unwrap_or(0) < PAGE;
        // One number may span two pages, so only the last page may claim its own.
        let reached = match changed.last() {
            _ if last => head,
            Some(change) => (change.seq - 1).max(start),
            None => head,
        };
        apply(open, step, reached).await?;
        if last {
            metrics::counter!("replica_catch_ups_total").increment(1);
            return Ok(());
        }
        page = changed.last().copied();
    }
}

async fn apply(open: &OpenReplica, changes: Vec<DocumentChange>, reached: i64) -> Result<(), JobError> {
    let (replica, reached) = (open.replica.clone(), u64::try_from(reached).unwrap_or(0));
    tokio::task::spawn_blocking(move || replica.apply(changes, reached))
        .await
        .map_err(panicked)?
        .map_err(failed)
}

fn cursor(open: &OpenReplica) -> Result<i64, JobError> {
    Ok(i64::try_from(open.replica.cursor().map_err(failed)?).unwrap_or(i64::MAX))
}
