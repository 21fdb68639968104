//! A job kind that notes when its handler starts.
use jobs::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;
use store::JobId;
use workers::{Done, Handle, JobContext, JobError};

static STARTS: LazyLock<Mutex<HashMap<JobId, Instant>>> = LazyLock::new(Mutex::default);

/// Succeeds at once, having noted the time.
#[derive(Serialize, Deserialize)]
pub(super) struct Mark {}

impl Kind for Mark {
    const NAME: &'static str = "bench.mark";
    const POOL: Pool = Pool::General;
}

impl Handle for Mark {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let now = Instant::now();
        STARTS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.id(), now);
        Done::with(&json!({}))
    }
}

pub(super) fn started(job: JobId) -> Option<Instant> {
    STARTS.lock().unwrap_or_else(PoisonError::into_inner).get(&job).copied()
}

pub(super) fn count() -> usize {
    STARTS.lock().unwrap_or_else(PoisonError::into_inner).len()
}

pub(super) fn clear() {
    STARTS.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
