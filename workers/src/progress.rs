//! Writes the progress and the steps of running jobs down, and what they wait for in their slots, the latest of each, a few times a second at most.
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
    waits: Option<Value>,
}

impl Latest {
    fn to_write(&self) -> Progress {
        Progress {
            held: self.held,
            progress: self.progress.clone(),
            steps: self.steps.as_ref().and_then(Steps::to_json),
            waits: self.waits.clone(),
        }
    }
}

impl ProgressBoard {
    pub(crate) fn set(&self, held: Held, progress: Value) {
        self.change(held, |latest| latest.progress = Some(progress));
    }

    /// The job's steps have changed; they are written down as they are by then.
    pub(crate) fn set_steps(&self, held: Held, steps: &Steps) {
        self.change(held, |latest| latest.steps = Some(steps.clone()));
    }

    /// What the job waits for from now on, in its slot.
    pub(crate) fn set_waits(&self, held: Held, waits: Value) {
        self.change(held, |latest| latest.waits = Some(waits));
    }

    fn change(&self, held: Held, change: impl FnOnce(&mut Latest)) {
        let nothing = || Latest {
            held,
            progress: None,
            steps: None,
            waits: None,
        };
        let mut board = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = board.entry(held.id).or_insert_with(nothing);
        if latest.held != held {
            // Of an earlier lease of the same job.
            *latest = nothing();
        }
        change(latest);
    }

    fn take(&self) -> HashMap<JobId, Latest> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *latest)
    }

    /// What could not be written comes again, but for what is newer.
    fn put_back(&self, older: Latest) {
        let mut board = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match board.get_mut(&older.held.id) {
            None => {
                board.insert(older.held.id, older);
            }
            Some(latest) if latest.held == older.held => {
                latest.progress = latest.progress.take().or(older.progress);
                latest.steps = latest.steps.take().or(older.steps);
                latest.waits = latest.waits.take().or(older.waits);
            }
            Some(_) => {}
        }
    }
}

pub(crate) async fn run(context: Context, board: ProgressBoard, beat: Beat) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        beat.now();
        let mut latest = board.take();
        if latest.is_empty() {
            continue;
        }
        let progress: Vec<Progress> = latest.values().map(Latest::to_write).collect();
        match store::jobs::save_progress(&context.system, &progress).await {
            Ok(locked) => {
                let locked = locked.iter().filter_map(|id| latest.remove(id)).collect::<Vec<_>>();
                locked.into_iter().for_each(|latest| board.put_back(latest));
            }
            // Progress that cannot be written is out of date in a moment anyway.
            Err(error) => tracing::debug!(%error, "progress not written"),
        }
        if !latest.is_empty() {
            context
                .queue
                .announce_changes(&latest.into_keys().collect::<Vec<_>>())
                .await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn held(token: u128) -> Held {
        Held {
            id: JobId(Uuid::from_u128(1)),
            lease_token: Uuid::from_u128(token),
        }
    }

    fn taken(board: &ProgressBoard) -> Latest {
        board.take().remove(&held(1).id).unwrap()
    }

    #[test]
    fn what_could_not_be_written_comes_again_but_for_what_is_newer() {
        let board = ProgressBoard::default();
        board.set(held(1), json!(1));
        let older = taken(&board);
        board.put_back(older);
        let again = taken(&board);
        assert_eq!(again.progress, Some(json!(1)));
        board.set(held(1), json!(2));
        board.put_back(again);
        assert_eq!(taken(&board).progress, Some(json!(2)));
    }

    #[test]
    fn what_an_earlier_lease_said_does_not_come_again_under_a_later_one() {
        let board = ProgressBoard::default();
        board.set(held(1), json!(1));
        let older = taken(&board);
        board.set(held(2), json!(2));
        board.put_back(older);
        let latest = taken(&board);
        assert_eq!((latest.held, latest.progress), (held(2), Some(json!(2))));
    }
}
