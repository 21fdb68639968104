//! Vectors on the server that all processes share: who finds an index there behind its base brings it up to date, one process at a time.
use super::catch_up::{self, Target};
use super::index::Index;
use super::open::{Inner, Replicas, failed};
use super::unsure::{Sent, Unsure};
use super::visits;
use crate::JobError;
use config::{ExposeSecret, QdrantSettings};
use jobs::kinds::BaseAt;
use retrieval::{Place, QdrantIndex, QdrantOptions, QdrantServer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::knowledge_bases::KnowledgeBase;
use store::vector_indexes::{self, Writer, on_server};
use store::{Store, StoreError, TenantId, VectorStore, documents, knowledge_bases};
use tokio::sync::oneshot;

/// How long a writer that has died keeps others away.
pub(super) const LEASE: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(8);
/// How soon it is looked again whether another process, which writes, is done.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How soon, of what must not be left as it is.
const TRY_AGAIN: Duration = Duration::from_secs(1);

impl Replicas {
    /// Brings the server's copy of the base's index up to `at`, if that can be had in time; `true` when it is older. Of a base whose vectors are in the
    /// replicas, nothing is to be done.
    ///
    /// # Errors
    /// [`JobError`] when the server cannot be reached, or this process knows of none.
    pub(crate) async fn served_at(&self, tenant: TenantId, base: &KnowledgeBase, at: BaseAt) -> Result<bool, JobError> {
        let Some(served) = self.inner().served(tenant, base)? else {
            return Ok(false);
        };
        let wanted = u64::try_from(at.seq).unwrap_or(0);
        if served.reaches(&self.inner().store, wanted).await? {
            return Ok(false);
        }
        let open = self.open(tenant, base).await?;
        let inner = self.inner_arc();
        let (done, followed) = oneshot::channel();
        let patience = inner.freshness_wait;
        let task = served.clone();
        // A task of its own: a search that gives up waiting does not throw the progress away.
        inner.tasks.clone().spawn_until_stopped(async move {
            let _one_at_a_time = open.serving.lock().await;
            let _ = done.send(task.follow(&inner, wanted, patience).await);
        });
        match tokio::time::timeout(patience, followed).await {
            Ok(Ok(result)) => result?,
            Ok(Err(_)) => return Err(JobError::retry("replica", "The process is shutting down.")),
            Err(_) => {}
        }
        Ok(!served.reaches(&self.inner().store, wanted).await?)
    }
}

/// An index on the server, as this process knows it.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) index: Index,
    /// Of the embeddings.
    pub(super) model: String,
    pub(super) on_server: QdrantIndex,
}

/// Why what the server has may not be what its place says.
#[derive(Clone, Copy)]
enum Doubt<'a> {
    None,
    /// What came after others had written.
    Late(&'a Unsure),
    /// It was not counted for long.
    Uncounted,
}

/// What became of an attempt to write.
pub(super) enum Attempt {
    Done,
    /// Another process writes.
    Busy,
}

impl Served {
    async fn reaches(&self, store: &Store, wanted: u64) -> Result<bool, JobError> {
        let Some(place) = self.on_server.place().await.map_err(failed)? else {
            return Ok(false);
        };
        if place.seq > wanted && !catch_up::counts_as(store, self.index, place).await? {
            return Ok(false);
        }
        Ok(place.seq >= wanted)
    }

    /// The same for whoever has the time to look whether what the server has is of this base at all.
    pub(super) async fn has_come_to(&self, store: &Store, head: u64) -> Result<bool, JobError> {
        match self.on_server.place().await.map_err(failed)? {
            Some(place) if place.seq >= head => catch_up::counts_as(store, self.index, place).await,
            _ => Ok(false),
        }
    }

    /// Until the server has what is `wanted`; waits no longer than `patience` for another process that writes.
    async fn follow(&self, inner: &Arc<Inner>, wanted: u64, patience: Duration) -> Result<(), JobError> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            if self.reaches(&inner.store, wanted).await? || tokio::time::Instant::now() > until {
                return Ok(());
            }
            match self.catch_up(inner).await? {
                Attempt::Done => return Ok(()),
                Attempt::Busy => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Applies the base's change log to the server up to its head.
    pub(super) async fn catch_up(&self, inner: &Arc<Inner>) -> Result<Attempt, JobError> {
        self.bring_up(inner, Doubt::None).await
    }

    /// The same, and builds anew what does not have as many chunks as the base.
    pub(super) async fn recount(&self, inner: &Arc<Inner>) -> Result<Attempt, JobError> {
        self.bring_up(inner, Doubt::Uncounted).await
    }

    async fn bring_up(&self, inner: &Arc<Inner>, doubt: Doubt<'_>) -> Result<Attempt, JobError> {
        let (attempt, late) = self.write_once(inner, doubt).await;
        if late != Unsure::Nothing {
            let (served, task) = (self.clone(), inner.clone());
            inner
                .tasks
                .spawn_until_stopped(async move { served.put_right(&task, late).await });
        }
        attempt
    }

    /// Has the index, if nobody else has, writes, and gives it back. Returns what may have come to the server after the index was somebody else's.
    async fn write_once(&self, inner: &Inner, doubt: Doubt<'_>) -> (Result<Attempt, JobError>, Unsure) {
        let writer = match self.claim(inner).await {
            Ok(Some(writer)) => writer,
            Ok(None) => return (Ok(Attempt::Busy), Unsure::Nothing),
            Err(error) => return (Err(error), Unsure::Nothing),
        };
        let sent = Sent::default();
        let written = tokio::select! {
            written = self.write(inner, &writer, doubt, &sent) => written,
            never = hold(inner, self.index.tenant, writer) => match never {},
        };
        let released = self.release(inner, writer).await;
        let lost = match released {
            Ok(true) => Unsure::Nothing,
            Ok(false) | Err(_) => sent.take(),
        };
        (written.and(released).map(|_| Attempt::Done), lost)
    }

    /// Until what was sent late is as the database has it, or is gone where nobody wants the index any more.
    async fn put_right(&self, inner: &Inner, mut late: Unsure) {
        metrics::counter!("vector_index_late_writes_total").increment(1);
        tracing::warn!(knowledge_base.id = %self.index.base, "an index on the vector server was written to after it was lost; that is written anew");
        loop {
            let done = match self.is_wanted(inner).await {
                // Whoever took it away did not wait for this, and has had it forgotten.
                Ok(false) => self.remove(inner).await,
                Ok(true) => {
                    let (attempt, lost) = self.write_once(inner, Doubt::Late(&late)).await;
                    let done = matches!(attempt, Ok(Attempt::Done)) && lost == Unsure::Nothing;
                    late = late.and(lost);
                    attempt.map(|_| done)
                }
                Err(error) => Err(error),
            };
            match done {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(knowledge_base.id = %self.index.base, %error, "what was written late could not be written anew yet");
                }
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    /// Whether it is gone.
    async fn remove(&self, inner: &Inner) -> Result<bool, JobError> {
        let of = on_server(self.index.base, self.index.generation);
        inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                vector_indexes::add(tx, of.base, of.generation).await
            })
            .await?;
        Ok(matches!(visits::remove(inner, self.index).await?, Attempt::Done))
    }

    async fn claim(&self, inner: &Inner) -> Result<Option<Writer>, JobError> {
        let of = on_server(self.index.base, self.index.generation);
        Ok(inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                vector_indexes::add(tx, of.base, of.generation).await?;
                vector_indexes::claim(tx, of, LEASE.as_secs_f64()).await
            })
            .await?)
    }

    /// Whether the writer still had it.
    async fn release(&self, inner: &Inner, writer: Writer) -> Result<bool, JobError> {
        Ok(inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                vector_indexes::release(tx, &writer).await
            })
            .await?)
    }

    /// Whether its base still has such an index.
    async fn is_wanted(&self, inner: &Inner) -> Result<bool, JobError> {
        let Index {
            tenant,
            base,
            generation,
        } = self.index;
        let head = inner
            .store
            .tenant(tenant, async move |tx| {
                Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
            })
            .await?;
        Ok(head.is_some_and(|head| head.by_generation(generation).is_some()))
    }

    /// First what was sent late, which others may have changed before it came.
    async fn write(&self, inner: &Inner, writer: &Writer, doubt: Doubt<'_>, sent: &Sent) -> Result<(), JobError> {
        let target = Target::Server {
            index: &self.on_server,
            writer,
            lease: LEASE,
            sent,
        };
        let start = match self.on_server.place().await.map_err(failed)? {
            Some(place) if writer.seq > 0 && self.is_usable(inner, place, doubt).await? => {
                if let Doubt::Late(Unsure::Documents(documents)) = doubt {
                    catch_up::apply_again(&inner.store, self.index, documents, place, target).await?;
                }
                catch_up::number(place)
            }
            // Nobody knows what of it the server has: it may be left from before, and have missed what was deleted since, be ahead of a base that was set back, or
            // have lost some of it.
            _ => {
                sent.note(Unsure::Everything);
                self.on_server.remove().await.map_err(failed)?;
                0
            }
        };
        catch_up::apply_log(inner, self.index, start, target).await?;
        metrics::counter!("vector_index_catch_ups_total").increment(1);
        Ok(())
    }

    /// Whether the server has what the base had at this place.
    async fn is_usable(&self, inner: &Inner, place: Place, doubt: Doubt<'_>) -> Result<bool, JobError> {
        if matches!(doubt, Doubt::Late(Unsure::Everything))
            || !catch_up::counts_as(&inner.store, self.index, place).await?
        {
            return Ok(false);
        }
        match doubt {
            Doubt::Uncounted => self.has_as_many(inner, place).await,
            Doubt::None | Doubt::Late(_) => Ok(true),
        }
    }

    /// Whether it has as many chunks as the base, which is not to be said while the base has moved on.
    async fn has_as_many(&self, inner: &Inner, place: Place) -> Result<bool, JobError> {
        let (base, model) = (self.index.base, self.model.clone());
        let wanted = inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                documents::count_of_base(tx, base, &model).await
            })
            .await?;
        let found = self.on_server.count().await.map_err(failed)?;
        let differs = wanted.seq == catch_up::number(place) && i64::try_from(found) != Ok(wanted.chunks);
        if differs {
            metrics::counter!("vector_index_differences_total").increment(1);
            tracing::warn!(knowledge_base.id = %base, found, wanted = wanted.chunks, "an index on the vector server has not as many chunks as its base; it is built anew");
        }
        Ok(!differs)
    }
}

/// Keeps the index for the writer. Once somebody else has it, nothing more is done: the writer ends its step, since what is on its way to the server cannot be
/// called back, and is told then.
async fn hold(inner: &Inner, tenant: TenantId, writer: Writer) -> Infallible {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let held = inner
            .store
            .tenant(tenant, async move |tx| {
                vector_indexes::renew(tx, &writer, LEASE.as_secs_f64()).await
            })
            .await;
        if let Err(StoreError::LeaseLost) = held {
            return std::future::pending().await;
        }
    }
}

impl Inner {
    /// The server's copy of the base's index; `None` where the replicas have the vectors.
    pub(super) fn served(&self, tenant: TenantId, base: &KnowledgeBase) -> Result<Option<Served>, JobError> {
        if base.vector_store == VectorStore::Embedded {
            return Ok(None);
        }
        let index = Index::of(tenant, base);
        let dimensions = self.models.find(&base.embedding_model)?.dimensions;
        let on_server = self.vector_server()?.index(index.into(), dimensions);
        Ok(Some(Served {
            index,
            model: base.embedding_model.clone(),
            on_server,
        }))
    }

    pub(super) fn vector_server(&self) -> Result<&QdrantServer, JobError> {
        if let Some(server) = self.vector_server.get() {
            return Ok(server);
        }
        let Some(server) = vector_server(&self.qdrant) else {
            let why =
                "The knowledge base keeps its vectors in Qdrant, and this process knows of no server (qdrant.url).";
            // Whoever searches does not wait until somebody sets it.
            return Err(JobError::permanent("vector_server", why));
        };
        let server = server.map_err(failed)?;
        Ok(self.vector_server.get_or_init(|| server))
    }
}

/// The installation's vector server, if it has one; to be called within a tokio runtime. Nothing is connected yet.
#[must_use]
pub fn vector_server(settings: &QdrantSettings) -> Option<retrieval::Result<QdrantServer>> {
    Some(QdrantServer::new(QdrantOptions {
        url: settings.url.clone()?,
        api_key: settings.api_key.as_ref().map(|key| key.expose_secret().to_owned()),
        collection_prefix: settings.collection_prefix.clone(),
        timeout: Duration::from_millis(settings.timeout_ms),
        shards: (settings.shards > 0).then_some(settings.shards),
        replication_factor: settings.replication_factor,
    }))
}
