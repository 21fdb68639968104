use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::TenantId;

/// Some 12 MB with vectors of 3,072 numbers.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

/// A question that is asked again so soon, in another mode or on the next page, is not paid for twice.
const KEPT_FOR: Duration = Duration::from_mins(5);

/// A question of a tenant, and the model that it was embedded by.
type Key = (TenantId, String, String);

fn key(tenant: TenantId, model: &str, query: &str) -> Key {
    (tenant, model.to_owned(), query.to_owned())
}

/// The vectors of questions that were asked last, of each tenant by itself.
pub(crate) struct QueryVectors(Mutex<LruCache<Key, (Instant, Vec<f32>)>>);

impl Default for QueryVectors {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl QueryVectors {
    pub(crate) fn get(&self, tenant: TenantId, model: &str, query: &str) -> Option<Vec<f32>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, vector) = kept.get(&key(tenant, model, query))?;
        (since.elapsed() < KEPT_FOR).then(|| vector.clone())
    }

    pub(crate) fn put(&self, tenant: TenantId, model: &str, query: &str, vector: &[f32]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put(key(tenant, model, query), (Instant::now(), vector.to_vec()));
    }
}
