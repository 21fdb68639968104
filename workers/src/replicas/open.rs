use super::catch_up;
use super::index::Index;
use super::open_replicas::OpenReplicas;
use super::registered;
use super::room::megabytes;
use super::served::Served;
use crate::embedding_models::Model;
use crate::heartbeat::host_name;
use crate::{EmbeddingModels, JobError, Tasks};
use config::QdrantSettings;
use jobs::kinds::BaseAt;
use retrieval::{Language, QdrantServer, Replica, ReplicaOptions, ScoreVectors, Slot};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::knowledge_bases::KnowledgeBase;
use store::{Store, System, TenantId, replica_cursors};
use tokio::sync::{Mutex, oneshot};

/// Grows when the layout of a replica's directory or the analysis of text changes; older ones are rebuilt.
pub const INDEX_VERSION: u32 = 5;

/// One open replica, and the locks that let one catch-up run at a time.
pub(crate) struct OpenReplica {
    pub(crate) replica: Arc<Replica>,
    pub(crate) catching_up: Mutex<()>,
    /// The same for the index's vectors on the server.
    pub(super) serving: Mutex<()>,
    /// What it took of main memory when it was last measured.
    pub(super) bytes: AtomicUsize,
    /// It has been as new as somebody asked for: what it lacks by now is little.
    pub(super) warm: AtomicBool,
}

impl OpenReplica {
    fn measure(&self) {
        self.bytes.store(self.replica.memory_bytes().unwrap_or(0), Relaxed);
    }
}

/// This process's replicas, in a slot of its own; cheap to clone.
#[derive(Clone)]
pub struct Replicas {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Store,
    root: PathBuf,
    /// Whether it goes on with what another process left on the disk.
    takes_over: bool,
    slot: OnceLock<Slot>,
    pub(super) open: OpenReplicas,
    pub(super) most_disk_bytes: u64,
    pub(super) models: EmbeddingModels,
    pub(super) freshness_wait: Duration,
    pub(super) refresh_interval: Duration,
    /// How often it is written down how far a long catch-up is.
    pub(super) progress_interval: Duration,
    pub(super) tasks: Tasks,
    pub(super) qdrant: QdrantSettings,
    pub(super) vector_server: OnceLock<QdrantServer>,
}

impl Replicas {
    /// Opens nothing yet. `models` says how long the vectors of a base are.
    #[must_use]
    pub fn new(store: Store, settings: &config::Settings, models: EmbeddingModels) -> Self {
        Self::build(store, settings, models, true)
    }

    /// The same for a process that answers no searches, and asks questions now and then: it holds what it opens itself, and leaves what was searched by another
    /// to those that do.
    #[must_use]
    pub fn beside_searches(store: Store, settings: &config::Settings, models: EmbeddingModels) -> Self {
        Self::build(store, settings, models, false)
    }

    fn build(store: Store, settings: &config::Settings, models: EmbeddingModels, takes_over: bool) -> Self {
        let limits = &settings.retrieval;
        let most_bytes = usize::try_from(megabytes(limits.replica_memory_mb)).unwrap_or(usize::MAX);
        let inner = Inner {
            store,
            root: settings.storage.data_dir.join("replicas"),
            takes_over,
            slot: OnceLock::new(),
            open: OpenReplicas::new(limits.open_replicas, most_bytes),
            most_disk_bytes: megabytes(limits.replica_disk_mb),
            models,
            freshness_wait: Duration::from_millis(settings.retrieval.freshness_wait_ms),
            refresh_interval: Duration::from_secs(limits.refresh_interval_secs),
            progress_interval: Duration::from_millis(limits.progress_interval_ms),
            tasks: Tasks::default(),
            qdrant: settings.qdrant.clone(),
            vector_server: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The base's replica, at least as new as `at` says if that can be had in time; `true` when it is older.
    ///
    /// # Errors
    /// [`JobError`] when the replica cannot be opened, or holds vectors of a model this system does not know.
    pub async fn at(
        &self,
        tenant: TenantId,
        base: &KnowledgeBase,
        at: BaseAt,
    ) -> Result<(Arc<Replica>, bool), JobError> {
        let (open, index) = (self.open(tenant, base).await?, Index::of(tenant, base));
        let wanted = u64::try_from(at.seq).unwrap_or(0);
        let warm = open.warm.load(Relaxed);
        metrics::counter!("replica_uses_total", "state" => if warm { "warm" } else { "cold" }).increment(1);
        if open.replica.cursor() >= wanted {
            self.inner.open.set_warm(&open);
            return Ok((open.replica.clone(), false));
        }
        let (done, caught_up) = oneshot::channel();
        let (replicas, target) = (self.clone(), open.clone());
        // A task of its own: a search that gives up waiting, or is cancelled, does not throw the progress away.
        self.inner.tasks.spawn_until_stopped(async move {
            let result = replicas.catch_up(index, &target, wanted).await;
            let _ = done.send(result);
            replicas.make_room(Some(index)).await;
        });
        match tokio::time::timeout(self.inner.freshness_wait, caught_up).await {
            Ok(Ok(result)) => result?,
            Ok(Err(_)) => return Err(JobError::retry("replica", "The process is shutting down.")),
            Err(_) => {}
        }
        let stale = open.replica.cursor() < wanted;
        Ok((open.replica.clone(), stale))
    }

    /// Applies the change log to the replica, unless it has what is `wanted`.
    pub(super) async fn catch_up(&self, index: Index, open: &OpenReplica, wanted: u64) -> Result<(), JobError> {
        let of = index.in_slot(self.slot()?.id());
        let caught_up = catch_up::run(&self.inner, of, index, open, wanted).await;
        open.measure();
        if caught_up.is_ok() && !open.replica.is_broken() {
            self.inner.open.set_warm(open);
        }
        caught_up
    }

    /// The base's replica, open; the one that was used last.
    pub(super) async fn open(&self, tenant: TenantId, base: &KnowledgeBase) -> Result<Arc<OpenReplica>, JobError> {
        self.open_for(tenant, base, true).await
    }

    /// The same for whoever looks after it: where it was closed, it is the first to be closed again.
    pub(super) async fn open_unused(
        &self,
        tenant: TenantId,
        base: &KnowledgeBase,
    ) -> Result<Arc<OpenReplica>, JobError> {
        self.open_for(tenant, base, false).await
    }

    async fn open_for(&self, tenant: TenantId, base: &KnowledgeBase, used: bool) -> Result<Arc<OpenReplica>, JobError> {
        let index = Index::of(tenant, base);
        let open = &self.inner.open;
        if let Some(found) = open.find(index, used).filter(|found| !found.replica.is_broken()) {
            return Ok(found);
        }
        let door = open.door(index).lock().await;
        match open.find(index, used) {
            Some(found) if found.replica.is_broken() => {
                tracing::warn!(knowledge_base.id = %index.base, "a replica failed while it changed; it is built anew");
                metrics::counter!("replicas_broken_total").increment(1);
                drop(open.take(index));
                found.replica.give_up();
            }
            Some(found) => return Ok(found),
            None => {}
        }
        let opened = Box::pin(self.open_closed(index, base)).await?;
        open.insert(index, opened.clone(), used);
        drop(door);
        // For one that nobody searches here no other is closed: whoever asked makes room when it is done with it.
        if used {
            self.make_room(Some(index)).await;
        }
        Ok(opened)
    }

    /// Whoever calls it holds the index's door.
    async fn open_closed(&self, index: Index, base: &KnowledgeBase) -> Result<Arc<OpenReplica>, JobError> {
        // Before it is registered: one that this process will never hold is not waited for.
        let (model, served) = self.inner.can_build(index.tenant, base)?;
        self.register(index).await?;
        let directory = self.slot()?.replica_dir(index.into(), INDEX_VERSION);
        let options = ReplicaOptions {
            served: served.map(|served| Arc::new(served.on_server) as Arc<dyn ScoreVectors>),
            ..ReplicaOptions::new(Language::from_code(&base.language), &*model.name, model.dimensions)
        };
        let replica = tokio::task::spawn_blocking(move || Replica::open(&directory, options))
            .await
            .map_err(panicked)?
            .map_err(failed)?;
        let opened = OpenReplica {
            replica: Arc::new(replica),
            catching_up: Mutex::new(()),
            serving: Mutex::new(()),
            bytes: AtomicUsize::new(0),
            warm: AtomicBool::new(false),
        };
        opened.measure();
        // Whatever lay there is gone: that it was as new as its base is not true any more.
        if opened.replica.cursor() == 0 {
            registered::emptied(&self.inner.store, self.slot()?.id(), index).await?;
        }
        Ok(Arc::new(opened))
    }

    /// Has it known that this slot holds a replica of the index, before it does; what it holds unknown to all is of no use.
    async fn register(&self, index: Index) -> Result<(), JobError> {
        let slot = self.slot()?;
        let (of, host) = (index.in_slot(slot.id()), host_name());
        let known = self
            .inner
            .store
            .tenant(index.tenant, async move |tx| {
                replica_cursors::register(tx, of, &host).await
            })
            .await?;
        self.on_disk(move |slot| match known {
            true => slot.remove_other_versions(index.into(), INDEX_VERSION),
            false => slot.remove_index(index.into()),
        })
        .await
    }

    /// Deleting what is large takes a while.
    async fn on_disk(
        &self,
        delete: impl FnOnce(&Slot) -> retrieval::Result<()> + Send + 'static,
    ) -> Result<(), JobError> {
        let replicas = self.clone();
        tokio::task::spawn_blocking(move || delete(replicas.slot()?).map_err(failed))
            .await
            .map_err(panicked)?
    }

    /// Closes the index's replica, deletes its directory and has that known: the base or the index is gone, or the replica was given up as lost.
    pub(super) async fn remove(&self, index: Index) -> Result<(), JobError> {
        let open = &self.inner.open;
        let _door = open.door(index).lock().await;
        if let Some(found) = open.take(index) {
            close(found).await;
        }
        open.forget(index);
        self.on_disk(move |slot| slot.remove_index(index.into())).await?;
        Ok(registered::removed(&self.inner.store, self.slot()?.id(), index).await?)
    }

    pub(super) fn slot(&self) -> Result<&Slot, JobError> {
        if let Some(slot) = self.inner.slot.get() {
            return Ok(slot);
        }
        let acquired = match self.inner.takes_over {
            true => Slot::acquire(&self.inner.root),
            false => Slot::acquire_empty(&self.inner.root),
        };
        let acquired = acquired.map_err(failed)?;
        Ok(self.inner.slot.get_or_init(|| acquired))
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(super) fn inner_arc(&self) -> Arc<Inner> {
        self.inner.clone()
    }

    /// Keeps what is on disk and on the vector server up to date, until the process stops: a deleted document leaves them in bounded time also
    /// where nobody searches.
    pub fn keep_fresh(&self, system: &System) {
        let (replicas, of_all) = (self.clone(), system.clone());
        self.inner
            .tasks
            .spawn_until_stopped(async move { super::refresh::run(&replicas, &of_all).await });
        if self.inner.qdrant.url.is_some() {
            let (inner, system) = (self.inner.clone(), system.clone());
            // Of its own: a server that does not answer holds nothing else up.
            self.inner
                .tasks
                .spawn_until_stopped(async move { super::visits::tend(&inner, &system).await });
        }
    }

    /// Stops catching up and closes every replica cleanly, so that the next start need not rebuild it.
    pub async fn close(&self) {
        self.inner.tasks.stop().await;
        let open = &self.inner.open;
        for index in open.all() {
            let _door = open.door(index).lock().await;
            if let Some(replica) = open.take(index) {
                close(replica).await;
            }
        }
    }
}

impl Inner {
    /// What a replica of the base's index is built with: the model of its vectors, and the server that they are on, if they are on one.
    ///
    /// # Errors
    /// [`JobError`] when this process does not run the model, or knows of no server: then it will never hold a replica of the index.
    pub(super) fn can_build(
        &self,
        tenant: TenantId,
        base: &KnowledgeBase,
    ) -> Result<(Model, Option<Served>), JobError> {
        Ok((self.models.find(&base.embedding_model)?, self.served(tenant, base)?))
    }
}

pub(super) async fn close(open: Arc<OpenReplica>) {
    if open.replica.is_broken() {
        open.replica.give_up();
        return;
    }
    let closed = tokio::task::spawn_blocking(move || open.replica.close()).await;
    if let Ok(Err(error)) = closed {
        tracing::warn!(%error, "a replica was not closed cleanly; it will be rebuilt");
    }
}

pub(crate) fn failed(error: retrieval::Error) -> JobError {
    if matches!(error, retrieval::Error::TooCostly) {
        // It would take as long again.
        let message = "The search took too long. Ask with fewer conditions and values in its filter, with phrases of rarer words, or of fewer knowledge bases.";
        return JobError::permanent("search_too_costly", message);
    }
    if error.is_of_vector_server() {
        tracing::warn!(error = &error as &dyn std::error::Error, "the vector server failed");
        return JobError::retry("vector_server", "The vector server could not be used.");
    }
    tracing::warn!(error = &error as &dyn std::error::Error, "a replica failed");
    JobError::retry("replica", "The search index could not be used.")
}

pub(super) fn panicked(error: tokio::task::JoinError) -> JobError {
    tracing::error!(%error, "a replica's task panicked");
    JobError::retry(
        "panicked",
        "The search index failed in a way it should not have; this is a defect.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_took_too_long_is_not_tried_again_and_says_why() {
        let error = failed(retrieval::Error::TooCostly).to_json();
        assert_eq!(error["code"], "search_too_costly");
        assert_eq!(error["retryable"], false);
        let message = error["message"].to_string();
        assert!(message.contains("filter") && message.contains("phrases"), "{message}");
    }
}
