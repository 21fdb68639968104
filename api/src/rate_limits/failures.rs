use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// Addresses that sent too many requests without a key that works from there, as this process knows them; and, while Redis is away, its own count of them.
pub(super) struct Failures {
    blocked: Mutex<LruCache<String, Instant>>,
    /// When each address' allowance is whole again, as in `take.lua`.
    counted: Mutex<LruCache<String, Instant>>,
}

impl Failures {
    pub(super) fn new() -> Self {
        Self {
            blocked: Mutex::new(LruCache::new(KEPT)),
            counted: Mutex::new(LruCache::new(KEPT)),
        }
    }

    pub(super) fn block(&self, address: &str, pause: Duration) {
        let until = Instant::now() + pause;
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.put(address.to_owned(), until);
    }

    /// How much longer the address is blocked.
    pub(super) fn blocked_for(&self, address: &str) -> Option<Duration> {
        let blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let until = blocked.peek(address)?;
        until
            .checked_duration_since(Instant::now())
            .filter(|pause| !pause.is_zero())
    }

    /// Counts one failure here; how long to wait when it is one too many.
    pub(super) fn count(&self, address: &str, each: Duration, burst: u32) -> Option<Duration> {
        let now = Instant::now();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = counted.get(address).copied().unwrap_or(now).max(now);
        let next = whole + each;
        let early = (next - now).saturating_sub(each * burst);
        if early.is_zero() {
            counted.put(address.to_owned(), next);
            return None;
        }
        Some(early)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_after_its_burst_and_others_are_not() {
        let failures = Failures::new();
        let count = |address| failures.count(address, Duration::from_secs(60), 2).is_some();
        assert_eq!([count("a"), count("a"), count("a")], [false, false, true]);
        assert!(!count("b"));
    }
}
