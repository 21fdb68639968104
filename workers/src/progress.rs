//! Writes the progress and the steps of running jobs down, the latest of each, a few times a second at most.
use crate::Context;
use crate::pulse::Beat;
use crate::steps::Steps;
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
    latest: Arc<Mutex<HashMap<JobId, Latest>>>,
}

struct Latest {
    held: Held,
    progress: Option<Value>,
    steps: Option<Steps>,
}

impl ProgressBoard {
    pub(crate) fn set(&self, held: Held, progress: Value) {
        self.change(held, |latest| latest.progress = Some(progress));
    }

    /// The job's steps have changed; they are written down as they are by then.
    pub(crate) fn set_steps(&self, held: Held, steps: &Steps) {
        self.change(held, |latest| latest.steps = Some(steps.clone()));
    }

    fn change(&self, held: Held, change: impl FnOnce(&mut Latest)) {
        let nothing = || Latest {
            held,
            progress: None,
            steps: None,
        };
        let mut board = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = board.entry(held.id).or_insert_with(nothing);
        if latest.held != held {
            // Of an earlier lease of the same job.
            *latest = nothing();
        }
        change(latest);
    }

    fn take(&self) -> Vec<Progress> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest
            .drain()
            .map(|(_, latest)| Progress {
                held: latest.held,
                progress: latest.progress,
                steps: latest.steps.and_then(|steps| steps.to_json()),
            })
            .collect()
    }
}

pub(crate) async fn run(context: Context, board: ProgressBoard, beat: Beat) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        beat.now();
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
