use crate::{Queue, Subscription};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::JobId;
use tokio::sync::Notify;

/// How long a watcher goes without looking when nothing is announced: a lost announcement costs this much, never an answer.
const LOOK_AGAIN: Duration = Duration::from_millis(1000);

type Watchers = Mutex<HashMap<JobId, Vec<Arc<Notify>>>>;

/// Tells those who wait for a job in this process that it changed. An announcement carries an id and nothing else: whoever hears it
/// reads Postgres.
#[derive(Clone)]
pub struct Changes {
    watchers: Arc<Watchers>,
    _subscription: Arc<Subscription>,
}

impl Changes {
    #[must_use]
    pub fn listen(queue: &Queue) -> Self {
        let watchers: Arc<Watchers> = Arc::default();
        let heard = watchers.clone();
        let subscription = queue.subscribe_changes(move |ids| notify(&heard, ids));
        Self {
            watchers,
            _subscription: Arc::new(subscription),
        }
    }

    /// Starts to watch a job. Read its state after this, or a change in between goes unheard.
    #[must_use]
    pub fn watch(&self, job: JobId) -> Watcher {
        let notify = Arc::new(Notify::new());
        lock(&self.watchers).entry(job).or_default().push(notify.clone());
        Watcher {
            job,
            notify,
            watchers: self.watchers.clone(),
        }
    }
}

/// One party's interest in one job.
pub struct Watcher {
    job: JobId,
    notify: Arc<Notify>,
    watchers: Arc<Watchers>,
}

impl Watcher {
    /// Returns when the job may have changed: soon after it did, and now and then without cause.
    pub async fn changed(&self) {
        let _ = tokio::time::timeout(LOOK_AGAIN, self.notify.notified()).await;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watchers = lock(&self.watchers);
        if let Some(of_job) = watchers.get_mut(&self.job) {
            of_job.retain(|notify| !Arc::ptr_eq(notify, &self.notify));
            if of_job.is_empty() {
                watchers.remove(&self.job);
            }
        }
    }
}

/// `None` means: anything may have changed.
fn notify(watchers: &Watchers, ids: Option<&[JobId]>) {
    let watchers = lock(watchers);
    match ids {
        Some(ids) => ids
            .iter()
            .filter_map(|id| watchers.get(id))
            .flatten()
            .for_each(|notify| notify.notify_one()),
        None => watchers.values().flatten().for_each(|notify| notify.notify_one()),
    }
}

fn lock(watchers: &Watchers) -> std::sync::MutexGuard<'_, HashMap<JobId, Vec<Arc<Notify>>>> {
    watchers.lock().unwrap_or_else(PoisonError::into_inner)
}
