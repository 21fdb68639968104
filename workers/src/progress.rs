//! Writes the progress of running jobs down, the latest of each, a few times a second at most.
use crate::Context;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::JobId;
use store::jobs::{Held, Progress};

const INTERVAL: Duration = Duration::from_millis(250);

/// The latest progress of each job that has not been written; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct ProgressBoard {
    latest: Arc<Mutex<HashMap<JobId, (Held, Value)>>>,
}

impl ProgressBoard {
    pub(crate) fn set(&self, held: Held, progress: Value) {
        self.latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(held.id, (held, progress));
    }

    fn take(&self) -> Vec<Progress> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest
            .drain()
            .map(|(_, (held, progress))| Progress { held, progress })
            .collect()
    }
}

pub(crate) async fn run(context: Context, board: ProgressBoard) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let progress = board.take();
        if progress.is_empty() {
            continue;
        }
        // Progress that cannot be written is out of date in a moment anyway.
        if let Err(error) = store::jobs::save_progress(&context.system, &progress).await {
            tracing::debug!(%error, "progress not written");
        }
        context
            .queue
            .announce_changes(&progress.iter().map(|p| p.held.id).collect::<Vec<_>>())
            .await;
    }
}
