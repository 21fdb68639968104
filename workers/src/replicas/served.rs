//! Vectors on the server that all processes share: who finds an index there behind its base brings it up to date, one process at a time.
use super::catch_up::{self, Target};
use super::index::Index;
use super::open::{Inner, Replicas, failed};
use crate::JobError;
use config::{ExposeSecret, QdrantSettings};
use jobs::kinds::BaseAt;
use retrieval::{QdrantIndex, QdrantOptions, QdrantServer};
use std::time::Duration;
use store::knowledge_bases::KnowledgeBase;
use store::vector_indexes::{self, VectorIndex, Writer, on_server};
use store::{Store, StoreError, System, TenantId, VectorStore, knowledge_bases, replica_cursors};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

/// How long a writer that has died keeps others away.
const LEASE: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(8);
/// How soon it is looked again whether another process, which writes, is done.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

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
    pub(super) on_server: QdrantIndex,
}

/// What became of an attempt to write.
enum Attempt {
    Done,
    /// Another process writes.
    Busy,
}

impl Served {
    async fn reaches(&self, store: &Store, wanted: u64) -> Result<bool, JobError> {
        let cursor = self.on_server.cursor().await.map_err(failed)?;
        if let Some(cursor) = cursor.filter(|cursor| *cursor > wanted)
            && !self.follows_log(store, cursor).await?
        {
            return Ok(false);
        }
        Ok(cursor.is_some_and(|cursor| cursor >= wanted))
    }

    /// Whether the base has come as far as the server's copy says of itself. One that is ahead is left from before the database was restored to an earlier
    /// point: the changes that it counts never were, and those that now have their numbers would never reach it. Ask for the cursor first: others may move it.
    async fn follows_log(&self, store: &Store, cursor: u64) -> Result<bool, JobError> {
        let base = self.index.base;
        let head = store
            .tenant(self.index.tenant, async move |tx| {
                Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
            })
            .await?;
        // Of a base that is gone, whoever tidies removes it.
        Ok(head.is_none_or(|head| u64::try_from(head.seq).unwrap_or(0) >= cursor))
    }

    /// Until the server has what is `wanted`; waits no longer than `patience` for another process that writes.
    async fn follow(&self, inner: &Inner, wanted: u64, patience: Duration) -> Result<(), JobError> {
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
    async fn catch_up(&self, inner: &Inner) -> Result<Attempt, JobError> {
        let of = on_server(self.index.base, self.index.generation);
        let claimed = inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                vector_indexes::add(tx, of.base, of.generation).await?;
                vector_indexes::claim(tx, of, LEASE.as_secs_f64()).await
            })
            .await?;
        let Some(writer) = claimed else {
            return Ok(Attempt::Busy);
        };
        let written = tokio::select! {
            written = self.write(inner, &writer) => written,
            lost = hold(inner, self.index.tenant, writer) => Err(lost),
        };
        inner
            .store
            .tenant(self.index.tenant, async move |tx| {
                vector_indexes::release(tx, &writer).await
            })
            .await?;
        written.map(|()| Attempt::Done)
    }

    async fn write(&self, inner: &Inner, writer: &Writer) -> Result<(), JobError> {
        let start = match self.on_server.cursor().await.map_err(failed)? {
            Some(cursor) if writer.seq > 0 && self.follows_log(&inner.store, cursor).await? => {
                i64::try_from(cursor).unwrap_or(i64::MAX)
            }
            // Nobody knows what of it the server has: it may be left from before, and have missed what was deleted since.
            _ => {
                self.on_server.remove().await.map_err(failed)?;
                0
            }
        };
        let target = Target::Server {
            index: &self.on_server,
            writer,
            lease: LEASE,
        };
        catch_up::apply_log(&inner.store, self.index, start, target).await?;
        metrics::counter!("vector_index_catch_ups_total").increment(1);
        Ok(())
    }
}

/// Keeps the index for the writer; returns when that has failed.
async fn hold(inner: &Inner, tenant: TenantId, writer: Writer) -> JobError {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let held = inner
            .store
            .tenant(tenant, async move |tx| {
                vector_indexes::renew(tx, &writer, LEASE.as_secs_f64()).await
            })
            .await;
        if let Err(error) = held {
            return error.into();
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
        Ok(Some(Served { index, on_server }))
    }

    fn vector_server(&self) -> Result<&QdrantServer, JobError> {
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

/// Looks after all indexes on the server, now and in each interval: brings those up to date that are behind, and removes those that no base has any
/// more.
pub(super) async fn tend(inner: &Inner, system: &System) {
    let mut ticks = tokio::time::interval(inner.refresh_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = visit_all(inner, system).await {
            tracing::warn!(%error, "the indexes on the vector server could not be looked after");
        }
    }
}

async fn visit_all(inner: &Inner, system: &System) -> Result<(), JobError> {
    let all = vector_indexes::all(system).await?;
    if !all.is_empty() {
        // Where it does not answer, no index has to find that out by itself.
        inner.vector_server()?.version().await.map_err(failed)?;
    }
    for known in all {
        if let Err(error) = visit(inner, &known).await {
            tracing::warn!(knowledge_base.id = %known.knowledge_base_id, %error, "an index on the vector server could not be refreshed");
        }
    }
    Ok(())
}

async fn visit(inner: &Inner, known: &VectorIndex) -> Result<(), JobError> {
    let (tenant, base, generation) = (known.tenant_id, known.knowledge_base_id, known.generation);
    let head = inner
        .store
        .tenant(tenant, async move |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    let by_index = head.as_ref().and_then(|head| head.by_generation(generation));
    let served = by_index.map(|base| inner.served(tenant, &base)).transpose()?.flatten();
    let (Some(head), Some(served)) = (head, served) else {
        return remove(inner, known).await;
    };
    let wanted = u64::try_from(head.seq).unwrap_or(0);
    if known.seq < head.seq || !served.reaches(&inner.store, wanted).await? {
        served.catch_up(inner).await?;
        return Ok(());
    }
    let of = on_server(base, generation);
    Ok(inner
        .store
        .tenant(tenant, async move |tx| {
            replica_cursors::moved(tx, of, head.seq, head.seq).await
        })
        .await?)
}

/// Takes what the server has of an index that is gone, whatever its collection, and then has it known.
async fn remove(inner: &Inner, known: &VectorIndex) -> Result<(), JobError> {
    let (tenant, of) = (known.tenant_id, on_server(known.knowledge_base_id, known.generation));
    let claimed = inner
        .store
        .tenant(tenant, async move |tx| {
            vector_indexes::claim(tx, of, LEASE.as_secs_f64()).await
        })
        .await?;
    let Some(_writer) = claimed else { return Ok(()) };
    let index = Index {
        tenant,
        base: of.base,
        generation: of.generation,
    };
    inner
        .vector_server()?
        .remove_everywhere(index.into())
        .await
        .map_err(failed)?;
    Ok(inner
        .store
        .tenant(tenant, async move |tx| replica_cursors::removed(tx, of).await)
        .await?)
}
