//! Ends a search that nobody wants any more, or that takes too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use crate::error::{Error, Result};

/// Documents, or chunks, that are looked at between two looks at whether to go on: one document's metadata may have thousands of values, for each condition of a filter.
const STEPS: usize = 64;

/// What a search looks at now and then: whether it is still wanted, and may still take its time. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    is_unwanted: Arc<AtomicBool>,
    until: Option<Instant>,
}

impl Stop {
    /// For a search that may take until then; as long as it likes where nothing is said.
    #[must_use]
    pub fn new(until: Option<Instant>) -> Self {
        Self {
            is_unwanted: Arc::default(),
            until,
        }
    }

    /// Nobody waits for what is found any more.
    pub fn stop(&self) {
        self.is_unwanted.store(true, Relaxed);
    }

    /// # Errors
    /// [`Error::Unwanted`] and [`Error::TooCostly`] where the search has to end.
    pub fn check(&self) -> Result<()> {
        if self.is_unwanted.load(Relaxed) {
            return Err(Error::Unwanted);
        }
        match self.until {
            Some(until) if Instant::now() >= until => Err(Error::TooCostly),
            _ => Ok(()),
        }
    }

    /// For a loop over much.
    pub(crate) fn pace(&self) -> Pace<'_> {
        Pace { stop: self, left: 0 }
    }
}

/// Asks a [`Stop`] at the first of so many steps.
pub(crate) struct Pace<'a> {
    stop: &'a Stop,
    left: usize,
}

impl Pace<'_> {
    pub(crate) fn steps(&mut self, steps: usize) -> Result<()> {
        if let Some(left) = self.left.checked_sub(steps) {
            self.left = left;
            return Ok(());
        }
        self.left = STEPS;
        self.stop.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_ends_when_nobody_wants_it_or_its_time_is_over() {
        let stop = Stop::default();
        assert!(stop.check().is_ok());
        stop.clone().stop();
        assert!(matches!(stop.check(), Err(Error::Unwanted)));
        let late = Stop::new(Some(Instant::now()));
        assert!(matches!(late.check(), Err(Error::TooCostly)));
        late.stop();
        assert!(matches!(late.check(), Err(Error::Unwanted)), "nobody hears of the time");
    }

    #[test]
    fn a_loop_looks_at_its_first_step_and_again_after_so_many() {
        let stop = Stop::default();
        let mut pace = stop.pace();
        assert!(pace.steps(1).is_ok());
        stop.stop();
        let unasked = (0..1000).take_while(|_| pace.steps(1).is_ok()).count();
        assert_eq!(unasked, STEPS);
        assert!(stop.pace().steps(1).is_err());
    }
}
