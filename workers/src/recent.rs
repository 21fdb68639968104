//! How long a worker's latest attempts took, and how many of them failed: what a pool's backlog is estimated from.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Enough for a steady mean, few enough to follow a change.
const KEPT: usize = 100;

/// A worker's latest attempts that succeeded or failed; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    attempts: Arc<Mutex<VecDeque<Attempt>>>,
}

struct Attempt {
    took: Duration,
    failed: bool,
}

/// Their sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) ended: i32,
    pub(crate) failed: i32,
    pub(crate) busy_us: i64,
}

impl Recent {
    pub(crate) fn add(&self, took: Duration, failed: bool) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() == KEPT {
            attempts.pop_front();
        }
        attempts.push_back(Attempt { took, failed });
    }

    pub(crate) fn tally(&self) -> Tally {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.iter().fold(Tally::default(), |tally, attempt| Tally {
            ended: tally.ended + 1,
            failed: tally.failed + i32::from(attempt.failed),
            busy_us: tally
                .busy_us
                .saturating_add(i64::try_from(attempt.took.as_micros()).unwrap_or(i64::MAX)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_hundred_count() {
        let recent = Recent::default();
        (0..50).for_each(|_| recent.add(Duration::from_secs(60), true));
        (0..100).for_each(|n| recent.add(Duration::from_micros(10), n < 20));
        let expected = Tally {
            ended: 100,
            failed: 20,
            busy_us: 1000,
        };
        assert_eq!(recent.tally(), expected);
    }
}
