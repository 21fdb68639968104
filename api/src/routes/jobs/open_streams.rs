use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::TenantId;

/// Event streams that one process keeps open at most, and of them one tenant's.
const MOST: usize = 1_000;
const MOST_OF_ONE: usize = 250;

/// The event streams that this process keeps open; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct OpenStreams(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    all: usize,
    of_tenant: HashMap<TenantId, usize>,
}

/// One of them; it counts until it is dropped.
pub(super) struct OpenStream {
    streams: OpenStreams,
    tenant: TenantId,
}

impl OpenStreams {
    /// `None` when there are too many, of this tenant or of all.
    pub(super) fn open(&self, tenant: TenantId) -> Option<OpenStream> {
        let counts = &mut *self.lock();
        let of_tenant = counts.of_tenant.get(&tenant).copied().unwrap_or(0);
        if counts.all >= MOST || of_tenant >= MOST_OF_ONE {
            return None;
        }
        counts.all += 1;
        counts.of_tenant.insert(tenant, of_tenant + 1);
        Some(OpenStream {
            streams: self.clone(),
            tenant,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let counts = &mut *self.streams.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_tenant) = counts.of_tenant.get_mut(&self.tenant) {
            *of_tenant = of_tenant.saturating_sub(1);
            if *of_tenant == 0 {
                counts.of_tenant.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn no_tenant_takes_the_streams_of_the_others() {
        let streams = OpenStreams::default();
        let tenant = |number| TenantId(Uuid::from_u128(number));
        let mut open: Vec<OpenStream> = (0..MOST_OF_ONE).filter_map(|_| streams.open(tenant(1))).collect();
        assert_eq!(open.len(), MOST_OF_ONE);
        assert!(streams.open(tenant(1)).is_none());
        assert!(streams.open(tenant(2)).is_some());
        open.pop();
        assert!(streams.open(tenant(1)).is_some(), "one was closed");
    }

    #[test]
    fn there_is_an_end_to_all_of_them() {
        let streams = OpenStreams::default();
        let open: Vec<OpenStream> = (0..2000)
            .filter_map(|number| streams.open(TenantId(Uuid::from_u128(number))))
            .collect();
        assert_eq!(open.len(), MOST);
        drop(open);
        assert!(streams.lock().of_tenant.is_empty());
    }
}
