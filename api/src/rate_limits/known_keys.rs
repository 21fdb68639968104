use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// Hashes of the keys that worked here last. A key among them is still looked up; it is only not suspected.
pub(super) struct KnownKeys(Mutex<LruCache<[u8; 32], ()>>);

impl KnownKeys {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }

    pub(super) fn note(&self, hash: [u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash, ());
    }

    pub(super) fn contains(&self, hash: &[u8; 32]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(hash)
    }
}
