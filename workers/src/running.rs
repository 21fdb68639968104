//! The jobs this process runs, and how each is told to stop.
use jobs::Dispatch;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::JobId;
use store::jobs::Held;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Why a running job is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Someone asked for it.
    Cancelled,
    /// Its lease is gone: whatever it would write belongs to another worker now.
    LeaseLost,
    /// The process shuts down.
    HandBack,
}

struct Entry {
    held: Held,
    stop: CancellationToken,
    reason: Option<StopReason>,
}

/// The table of running jobs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Running {
    jobs: Arc<Mutex<HashMap<JobId, Entry>>>,
    emptied: Arc<Notify>,
    /// Where jobs go that ended and counted under a limit.
    ended: UnboundedSender<Dispatch>,
}

impl Running {
    /// An empty table, and what has counted under a limit and runs no more.
    pub(crate) fn new() -> (Self, UnboundedReceiver<Dispatch>) {
        let (sender, ended) = unbounded_channel();
        let running = Self {
            jobs: Arc::default(),
            emptied: Arc::default(),
            ended: sender,
        };
        (running, ended)
    }

    /// Enters a job that was just claimed; `counted`: under a limit.
    pub(crate) fn enter(&self, held: Held, counted: Option<Dispatch>) -> RunningJob {
        let stop = CancellationToken::new();
        self.lock().insert(
            held.id,
            Entry {
                held,
                stop: stop.clone(),
                reason: None,
            },
        );
        RunningJob {
            held,
            stop,
            counted,
            table: self.clone(),
        }
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.lock().values().map(|entry| entry.held).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Tells a job to stop; the first reason counts.
    pub(crate) fn stop(&self, job: JobId, reason: StopReason) {
        if let Some(entry) = self.lock().get_mut(&job) {
            entry.reason.get_or_insert(reason);
            entry.stop.cancel();
        }
    }

    pub(crate) fn stop_all(&self, reason: StopReason) {
        for entry in self.lock().values_mut() {
            entry.reason.get_or_insert(reason);
            entry.stop.cancel();
        }
    }

    /// Returns once nothing runs.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Entry>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running job's place in the table, kept until its outcome is written; its lease is renewed for as long.
pub(crate) struct RunningJob {
    held: Held,
    stop: CancellationToken,
    counted: Option<Dispatch>,
    table: Running,
}

impl RunningJob {
    pub(crate) fn stop_token(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.table.lock().get(&self.held.id).and_then(|entry| entry.reason)
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        let mut jobs = self.table.lock();
        // A job that was lost and claimed again by this very process has a new entry, which is not ours to remove.
        if jobs.get(&self.held.id).is_some_and(|entry| entry.held == self.held) {
            jobs.remove(&self.held.id);
        }
        // The other end lives as long as the process takes jobs.
        if let Some(counted) = self.counted.take() {
            let _ = self.table.ended.send(counted);
        }
        if jobs.is_empty() {
            self.table.emptied.notify_waiters();
        }
    }
}
