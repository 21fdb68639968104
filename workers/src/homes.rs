//! Tells the other processes which bases this one can search at once, and opens those that it is told to: see `jobs/src/queue/homes.lua`.
use crate::pulse::Beat;
use crate::{Context, JobError, Tasks};
use jobs::{Pool, Wanted};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::KnowledgeBaseId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Others take it for gone after two seconds.
const EVERY: Duration = Duration::from_millis(500);

/// Replicas that are built at once, beside what is searched.
const WARM_UPS: usize = 2;

/// After one that failed, as where this process lacks the base's model: it is asked for again with every search.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Bases that are being opened, or wait for it.
#[derive(Clone)]
struct WarmUps {
    context: Context,
    pending: Arc<Mutex<BTreeSet<Wanted>>>,
    slots: Arc<Semaphore>,
}

/// Until `stop`; then nothing is left to this process any more.
pub(crate) async fn run(context: Context, home: Arc<str>, tasks: Tasks, stop: CancellationToken, beat: Beat) {
    let warm_ups = WarmUps {
        context: context.clone(),
        pending: Arc::default(),
        slots: Arc::new(Semaphore::new(WARM_UPS)),
    };
    while !stop.is_cancelled() {
        beat.now();
        let warm: Vec<KnowledgeBaseId> = context.replicas.warm().into_iter().collect();
        match context.queue.announce_home(Pool::Retrieval, &home, &warm).await {
            Ok(wanted) => wanted.into_iter().for_each(|wanted| warm_ups.start(&tasks, wanted)),
            Err(error) => tracing::debug!(%error, "the other processes were not told what is open here"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = context.replicas.warmed() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    if let Err(error) = context.queue.leave_home(Pool::Retrieval, &home).await {
        tracing::debug!(%error, "the other processes will find out that this one has left");
    }
}

impl WarmUps {
    fn start(&self, tasks: &Tasks, wanted: Wanted) {
        if !self.pending().insert(wanted) {
            return;
        }
        let this = self.clone();
        tasks.spawn_until_stopped(async move {
            if let Err(error) = this.warm_up(wanted).await {
                tracing::warn!(knowledge_base.id = %wanted.base, %error, "a replica could not be opened ahead");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            this.pending().remove(&wanted);
        });
    }

    async fn warm_up(&self, wanted: Wanted) -> Result<(), JobError> {
        let _slot = self.slots.acquire().await;
        self.context.replicas.warm_up(wanted).await
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, BTreeSet<Wanted>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
