use super::feed;
use super::index::Index;
use super::open::{Inner, OpenReplica, failed, panicked};
use super::unsure::{Sent, Unsure};
use crate::JobError;
use retrieval::{DocumentChange, Place, QdrantIndex};
use std::time::{Duration, Instant};
use store::index_changes::{self, Change};
use store::replica_cursors::{self, Progress, ReplicaOf};
use store::vector_indexes::{self, Writer};
use store::{DocumentId, Store, StoreError, documents, knowledge_bases};

/// Documents per step: each step is one commit of the replica.
const PAGE: i64 = 200;
/// Chunks per step, but for a document that has more by itself: they are in memory with their vectors, more than once.
const PAGE_CHUNKS: usize = 5000;

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
        sent: &'a Sent,
    },
}

/// Brings a replica up to its base's head, unless somebody else has brought it to `wanted` meanwhile. One that is not the base's any more is broken then.
pub(super) async fn run(
    inner: &Inner,
    of: ReplicaOf,
    index: Index,
    open: &OpenReplica,
    wanted: u64,
) -> Result<(), JobError> {
    let _one_at_a_time = open.catching_up.lock().await;
    if is_of_another_history(&inner.store, index, open).await? {
        tracing::warn!(knowledge_base.id = %index.base, "a replica holds changes that its base does not count; it is built anew");
        metrics::counter!("replicas_of_another_history_total").increment(1);
        return open.replica.distrust().map_err(failed);
    }
    let cursor = open.replica.cursor();
    if cursor >= wanted {
        return Ok(());
    }
    let start = i64::try_from(cursor).unwrap_or(i64::MAX);
    apply_log(inner, index, start, Target::Replica { open, of }).await?;
    metrics::counter!("replica_catch_ups_total").increment(1);
    Ok(())
}

/// Whether the replica follows a log that its base no longer has, because the database was set back behind it.
async fn is_of_another_history(store: &Store, index: Index, open: &OpenReplica) -> Result<bool, JobError> {
    let place = open.replica.place().map_err(failed)?;
    Ok(!counts_as(store, index, place).await?)
}

/// Whether the base counts its changes as it did when a copy of it came to `place`.
pub(super) async fn counts_as(store: &Store, index: Index, place: Place) -> Result<bool, JobError> {
    let (base, seq) = (index.base, number(place));
    Ok(store
        .tenant(index.tenant, async move |tx| {
            index_changes::counts_as(tx, base, seq, place.era).await
        })
        .await?)
}

/// Applies what changed after `start`, up to the base's head; writes down now and then how far it is, where that takes long. Of a base that is gone, or has no such
/// index any more, nothing: whoever tidies removes its copies.
pub(super) async fn apply_log(inner: &Inner, index: Index, start: i64, target: Target<'_>) -> Result<(), JobError> {
    let store = &inner.store;
    let Index {
        tenant,
        base,
        generation,
    } = index;
    let (head, counted_by) = store
        .tenant(tenant, async |tx| {
            let head = knowledge_bases::heads(tx, &[base]).await?.pop();
            Ok::<_, StoreError>((head, index_changes::counted_by(tx).await?))
        })
        .await?;
    let Some((head, by_index)) = head.and_then(|head| Some((head.seq, head.by_generation(generation)?))) else {
        return Ok(());
    };
    let mut page: Option<Change> = None;
    let (mut done, mut told, mut is_told) = (0_i64, Instant::now(), false);
    loop {
        let (changed, last, step, reached, of_page) = store
            .tenant(tenant, async |tx| {
                let mut changed = index_changes::between(tx, base, start, page, PAGE).await?;
                let mut ids: Vec<DocumentId> = changed.iter().map(|change| change.document_id).collect();
                let fit = documents::first_with_chunks(tx, &ids, PAGE_CHUNKS).await?;
                let last = i64::try_from(changed.len()).unwrap_or(0) < PAGE && fit == changed.len();
                changed.truncate(fit);
                ids.truncate(fit);
                let ready = documents::indexed(tx, &by_index.embedding_model, &ids).await?;
                let off = documents::switched_off(tx, &ids).await?;
                // One number may span two pages, so only the last page may claim its own; it may have come further than the head was.
                let seq = match changed.last() {
                    Some(change) if last => change.seq.max(head),
                    Some(change) => (change.seq - 1).max(start),
                    None => head.max(page.map_or(start, |page| page.seq)),
                };
                let reached = Place {
                    seq: u64::try_from(seq).unwrap_or(0),
                    era: index_changes::era_at(tx, base, seq).await?,
                };
                let of_page = index_changes::counted_by(tx).await?;
                let step = feed::changes(&ids, ready, &off);
                Ok::<_, StoreError>((changed, last, step, reached, of_page))
            })
            .await?;
        // After a failover the numbers of this page may be of other changes than those of the pages before it.
        if of_page != counted_by {
            return Err(JobError::retry("replica", "The database was started anew meanwhile."));
        }
        target.apply(store, index, step, reached).await?;
        if last {
            return match is_told {
                true => target.tell_end(store, index, reached).await,
                false => Ok(()),
            };
        }
        page = changed.last().copied();
        done += i64::try_from(changed.len()).unwrap_or(0);
        if told.elapsed() >= inner.progress_interval {
            let left = store
                .tenant(index.tenant, async |tx| {
                    index_changes::left(tx, base, start, page).await
                })
                .await?;
            let all = done + left;
            target.tell(store, index, reached, Progress { done, all }).await?;
            (told, is_told) = (Instant::now(), true);
        }
    }
}

/// Applies what the database has of these documents by now, and leaves the copy's place as it is.
pub(super) async fn apply_again(
    store: &Store,
    index: Index,
    documents: &[DocumentId],
    at: Place,
    target: Target<'_>,
) -> Result<(), JobError> {
    let (tenant, base, generation) = (index.tenant, index.base, index.generation);
    let head = store
        .tenant(tenant, async |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    let Some(by_index) = head.and_then(|head| head.by_generation(generation)) else {
        return Ok(());
    };
    let mut left = documents;
    while !left.is_empty() {
        let (step, taken) = store
            .tenant(tenant, async |tx| {
                let taken = documents::first_with_chunks(tx, left, PAGE_CHUNKS).await?;
                let (ids, _) = left.split_at(taken);
                let ready = documents::indexed(tx, &by_index.embedding_model, ids).await?;
                let off = documents::switched_off(tx, ids).await?;
                Ok::<_, StoreError>((feed::changes(ids, ready, &off), taken))
            })
            .await?;
        target.apply(store, index, step, at).await?;
        (_, left) = left.split_at(taken.max(1));
    }
    Ok(())
}

impl Target<'_> {
    /// Writes down how far it is.
    async fn tell(self, store: &Store, index: Index, reached: Place, progress: Progress) -> Result<(), JobError> {
        Ok(store
            .tenant(index.tenant, async move |tx| match self {
                Self::Replica { of, .. } => replica_cursors::progressed(tx, of, number(reached), progress).await,
                Self::Server { writer, .. } => vector_indexes::progressed(tx, writer, progress).await,
            })
            .await?)
    }

    /// Writes down that it is there, for who was told how far it is; of an index on the server, giving it back does.
    async fn tell_end(self, store: &Store, index: Index, reached: Place) -> Result<(), JobError> {
        let Self::Replica { of, .. } = self else { return Ok(()) };
        Ok(store
            .tenant(index.tenant, async move |tx| {
                replica_cursors::moved(tx, of, number(reached), 0).await
            })
            .await?)
    }

    async fn apply(
        self,
        store: &Store,
        index: Index,
        changes: Vec<DocumentChange>,
        reached: Place,
    ) -> Result<(), JobError> {
        match self {
            Self::Replica { open, .. } => {
                let replica = open.replica.clone();
                tokio::task::spawn_blocking(move || replica.apply(changes, reached))
                    .await
                    .map_err(panicked)?
                    .map_err(failed)
            }
            Self::Server {
                index: on_server,
                writer,
                lease,
                sent,
            } => {
                let documents = changes.iter().map(|change| DocumentId(change.document_id()));
                sent.note(Unsure::Documents(documents.collect()));
                on_server.apply(&changes, reached).await.map_err(failed)?;
                let writer = *writer;
                store
                    .tenant(index.tenant, async move |tx| {
                        vector_indexes::advance(tx, &writer, number(reached), lease.as_secs_f64()).await
                    })
                    .await?;
                sent.confirm();
                Ok(())
            }
        }
    }
}

/// The place as the database counts.
pub(super) fn number(place: Place) -> i64 {
    i64::try_from(place.seq).unwrap_or(i64::MAX)
}
