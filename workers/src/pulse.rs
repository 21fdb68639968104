//! Whether the loops of a process still go round. One that hangs or has panicked says nothing; this says so.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Rounds that a loop may miss, where the settings have it wait for longer than a round may take.
const ROUNDS: u32 = 3;

/// For loops whose rounds are short. PostgreSQL or Redis being away makes a round no longer than their time-outs.
pub(crate) const SOON: Duration = Duration::from_secs(120);
/// For loops that work a backlog off in one round.
pub(crate) const LONG: Duration = Duration::from_secs(900);

/// The loops of a process; cheap to clone.
#[derive(Clone, Default)]
pub struct Pulse {
    loops: Arc<Mutex<Vec<Watched>>>,
}

struct Watched {
    name: String,
    limit: Duration,
    beat: Beat,
}

/// Held by a loop, which beats once a round.
#[derive(Clone)]
pub(crate) struct Beat {
    last: Arc<Mutex<Instant>>,
}

impl Beat {
    pub(crate) fn now(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn age(&self) -> Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

impl Pulse {
    /// Watches a loop that waits for `interval` between two rounds, and is to beat more often than `limit`, however long that interval is.
    pub(crate) fn watch_every(&self, name: impl Into<String>, interval: Duration, limit: Duration) -> Beat {
        self.watch(name, limit.max(interval.saturating_mul(ROUNDS)))
    }

    /// Watches a loop, which is to beat more often than `limit`.
    pub(crate) fn watch(&self, name: impl Into<String>, limit: Duration) -> Beat {
        let beat = Beat {
            last: Arc::new(Mutex::new(Instant::now())),
        };
        let watched = Watched {
            name: name.into(),
            limit,
            beat: beat.clone(),
        };
        self.loops.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
        beat
    }

    /// The loops that have not gone round for too long, each with for how long, in seconds. A process that has one is to be started again.
    #[must_use]
    pub fn stalled(&self) -> Vec<(String, u64)> {
        let loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = loops.iter().filter(|watched| watched.beat.age() > watched.limit);
        silent
            .map(|watched| (watched.name.clone(), watched.beat.age().as_secs()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stops_beating_is_named_and_the_others_are_not() {
        let pulse = Pulse::default();
        let hangs = pulse.watch("leases", Duration::from_millis(100));
        let _beats = pulse.watch("dispatch", SOON);
        assert!(pulse.stalled().is_empty());
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(pulse.stalled(), [("leases".to_owned(), 0)]);
        hangs.now();
        assert!(pulse.stalled().is_empty());
    }

    #[test]
    fn a_loop_that_only_waits_for_its_next_round_does_not_hang() {
        let pulse = Pulse::default();
        let _waits = pulse.watch_every("leases", Duration::from_secs(1200), Duration::ZERO);
        assert!(pulse.stalled().is_empty());
    }
}
