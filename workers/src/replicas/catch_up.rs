use super::feed;
use super::index::Index;
use super::open::{Inner, OpenReplica, failed, panicked};
use crate::JobError;
use retrieval::{DocumentChange, QdrantIndex};
use std::time::{Duration, Instant};
use store::index_changes::{self, Change};
use store::replica_cursors::{self, ReplicaOf};
use store::vector_indexes::{self, Writer};
use store::{DocumentId, Store, StoreError, documents, knowledge_bases};

/// Documents per step: each step is one commit of the replica.
const PAGE: i64 = 200;
/// Chunks per step, but for a document that has more by itself: they are in memory with their vectors, more than once.
const PAGE_CHUNKS: usize = 5000;

/// How often it is written down how far a long catch-up is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What changes are applied to.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Replica {
        open: &'a OpenReplica,
        /// Where it is; what is written down of it while it is built.
        of: ReplicaOf,
    },
    Server {
        index: &'a QdrantIndex,
        writer: &'a Writer,
        lease: Duration,
    },
}

/// Brings a replica up to its base's head, unless somebody else has brought it to `wanted` meanwhile.
pub(super) async fn run(
    inner: &Inner,
    of: ReplicaOf,
    index: Index,
    open: &OpenReplica,
    wanted: u64,
) -> Result<(), JobError> {
    let _one_at_a_time = open.catching_up.lock().await;
    let cursor = open.replica.cursor();
    if cursor >= wanted {
        return Ok(());
    }
    let start = i64::try_from(cursor).unwrap_or(i64::MAX);
    apply_log(&inner.store, index, start, Target::Replica { open, of }).await?;
    metrics::counter!("replica_catch_ups_total").increment(1);
    Ok(())
}

/// Applies what changed after `start`, up to the base's head. Of a base that is gone, or has no such index any more, nothing: whoever tidies removes
/// its copies.
pub(super) async fn apply_log(store: &Store, index: Index, start: i64, target: Target<'_>) -> Result<(), JobError> {
    let Index {
        tenant,
        base,
        generation,
    } = index;
    let head = store
        .tenant(tenant, async |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    let Some((head, by_index)) = head.and_then(|head| Some((head.seq, head.by_generation(generation)?))) else {
        return Ok(());
    };
    let (mut page, mut told): (Option<Change>, Instant) = (None, Instant::now());
    loop {
        let (changed, last, step) = store
            .tenant(tenant, async |tx| {
                let mut changed = index_changes::between(tx, base, start, page, PAGE).await?;
                let mut ids: Vec<DocumentId> = changed.iter().map(|change| change.document_id).collect();
                let fit = documents::first_with_chunks(tx, &ids, PAGE_CHUNKS).await?;
                let last = i64::try_from(changed.len()).unwrap_or(0) < PAGE && fit == changed.len();
                changed.truncate(fit);
                ids.truncate(fit);
                let ready = documents::indexed(tx, &by_index.embedding_model, &ids).await?;
                Ok::<_, StoreError>((changed, last, feed::changes(&ids, ready)))
            })
            .await?;
        // One number may span two pages, so only the last page may claim its own; it may have come further than the head was.
        let reached = match changed.last() {
            Some(change) if last => change.seq.max(head),
            Some(change) => (change.seq - 1).max(start),
            None => head.max(page.map_or(start, |page| page.seq)),
        };
        target.apply(store, index, step, reached).await?;
        if last {
            return Ok(());
        }
        if told.elapsed() > TELL_EVERY {
            target.tell(store, index, reached).await?;
            told = Instant::now();
        }
        page = changed.last().copied();
    }
}

impl Target<'_> {
    /// Writes down how far it is.
    async fn tell(self, store: &Store, index: Index, reached: i64) -> Result<(), JobError> {
        let Self::Replica { of, .. } = self else { return Ok(()) };
        Ok(store
            .tenant(index.tenant, async move |tx| {
                replica_cursors::moved(tx, of, reached, 0).await
            })
            .await?)
    }

    async fn apply(
        self,
        store: &Store,
        index: Index,
        changes: Vec<DocumentChange>,
        reached: i64,
    ) -> Result<(), JobError> {
        let cursor = u64::try_from(reached).unwrap_or(0);
        match self {
            Self::Replica { open, .. } => {
                let replica = open.replica.clone();
                tokio::task::spawn_blocking(move || replica.apply(changes, cursor))
                    .await
                    .map_err(panicked)?
                    .map_err(failed)
            }
            Self::Server {
                index: on_server,
                writer,
                lease,
            } => {
                on_server.apply(&changes, cursor).await.map_err(failed)?;
                let writer = *writer;
                Ok(store
                    .tenant(index.tenant, async move |tx| {
                        vector_indexes::advance(tx, &writer, reached, lease.as_secs_f64()).await
                    })
                    .await?)
            }
        }
    }
}
