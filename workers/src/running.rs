//! The jobs this process runs, and how each is told to stop.
use jobs::Popped;
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
    stop: CancellationToken,
    reason: Option<StopReason>,
}

impl Entry {
    /// The first reason counts.
    fn stop(&mut self, reason: StopReason) {
        self.reason.get_or_insert(reason);
        self.stop.cancel();
    }
}

/// The table of running jobs, by their leases: a job that this process lost and claimed again runs twice in it until the attempt that lost it has heard of that. Cheap to
/// clone.
#[derive(Clone)]
pub(crate) struct Running {
    jobs: Arc<Mutex<HashMap<Held, Entry>>>,
    emptied: Arc<Notify>,
    /// Where jobs go that ended and counted under a limit.
    ended: UnboundedSender<Popped>,
}

impl Running {
    /// An empty table, and what has counted under a limit and runs no more.
    pub(crate) fn new() -> (Self, UnboundedReceiver<Popped>) {
        let (sender, ended) = unbounded_channel();
        let running = Self {
            jobs: Arc::default(),
            emptied: Arc::default(),
            ended: sender,
        };
        (running, ended)
    }

    /// Enters a job that was just claimed; `counted`: under a limit. An attempt that still runs under another lease has lost it.
    pub(crate) fn enter(&self, held: Held, counted: Option<Popped>) -> RunningJob {
        self.stop(held.id, StopReason::LeaseLost);
        let stop = CancellationToken::new();
        let entry = Entry {
            stop: stop.clone(),
            reason: None,
        };
        self.lock().insert(held, entry);
        RunningJob {
            held,
            stop,
            counted,
            table: self.clone(),
        }
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        self.lock().keys().copied().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Tells a job to stop, whatever its lease.
    pub(crate) fn stop(&self, job: JobId, reason: StopReason) {
        for (_, entry) in self.lock().iter_mut().filter(|(held, _)| held.id == job) {
            entry.stop(reason);
        }
    }

    /// Tells the attempt to stop that runs under this lease.
    pub(crate) fn stop_attempt(&self, held: Held, reason: StopReason) {
        if let Some(entry) = self.lock().get_mut(&held) {
            entry.stop(reason);
        }
    }

    pub(crate) fn stop_all(&self, reason: StopReason) {
        self.lock().values_mut().for_each(|entry| entry.stop(reason));
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

    fn lock(&self) -> MutexGuard<'_, HashMap<Held, Entry>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running job's place in the table, kept until its outcome is written; its lease is renewed for as long.
pub(crate) struct RunningJob {
    held: Held,
    stop: CancellationToken,
    counted: Option<Popped>,
    table: Running,
}

impl RunningJob {
    pub(crate) fn stop_token(&self) -> &CancellationToken {
        &self.stop
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.table.lock().get(&self.held).and_then(|entry| entry.reason)
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        let mut jobs = self.table.lock();
        jobs.remove(&self.held);
        // The other end lives as long as the process takes jobs.
        if let Some(counted) = self.counted.take() {
            let _ = self.table.ended.send(counted);
        }
        if jobs.is_empty() {
            self.table.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn lease(job: JobId) -> Held {
        Held {
            id: job,
            lease_token: Uuid::new_v4(),
        }
    }

    #[test]
    fn an_attempt_whose_job_is_claimed_again_is_told_that_it_lost_its_lease() {
        let (running, _ended) = Running::new();
        let job = JobId(Uuid::new_v4());
        let (first, second) = (lease(job), lease(job));
        let lost = running.enter(first, None);
        assert!(!lost.stop_token().is_cancelled());
        let current = running.enter(second, None);
        assert!(lost.stop_token().is_cancelled());
        assert_eq!(lost.stop_reason(), Some(StopReason::LeaseLost));
        running.stop_attempt(first, StopReason::LeaseLost);
        assert!(!current.stop_token().is_cancelled(), "the other lease is held");
        assert_eq!(running.len(), 2, "both run until the first has ended");
        drop(lost);
        assert_eq!(running.held(), [second]);
        running.stop(job, StopReason::Cancelled);
        assert_eq!(current.stop_reason(), Some(StopReason::Cancelled));
    }
}
