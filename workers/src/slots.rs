//! The slots of one pool in one process. The reserved ones are for tenants that hold no other: whatever a tenant's backlog and however long its
//! jobs, another tenant's first job finds a slot.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    total: usize,
    reserved: usize,
    busy: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// Free slots, taken, for the next jobs.
pub(crate) struct Offer {
    permits: Vec<OwnedSemaphorePermit>,
    /// Tenants that may not have them.
    pub(crate) pass_over: Vec<TenantId>,
    /// Only reserved ones were free.
    pub(crate) reserved: bool,
}

/// A slot with a job in it; dropping it frees it.
pub(crate) struct Slot {
    tenant: TenantId,
    busy: Arc<Mutex<HashMap<TenantId, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    /// `reserved` slots beside `common` ones.
    pub(crate) fn new(common: usize, reserved: usize) -> Self {
        let total = common + reserved;
        Self {
            free: Arc::new(Semaphore::new(total)),
            total,
            reserved,
            busy: Arc::default(),
        }
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn running(&self) -> usize {
        self.total.saturating_sub(self.free.available_permits())
    }

    /// Waits for a free slot and takes it with whatever others are free, up to `limit`: common ones for anybody, or, when only
    /// reserved ones are free, those.
    pub(crate) async fn offer(&self, limit: usize) -> Option<Offer> {
        let first = self.free.clone().acquire_owned().await.ok()?;
        let more = std::iter::from_fn(|| self.free.clone().try_acquire_owned().ok());
        let mut permits: Vec<_> = std::iter::once(first)
            .chain(more.take(limit + self.reserved - 1))
            .collect();
        let reserved = permits.len() <= self.reserved;
        if !reserved {
            permits.truncate((permits.len() - self.reserved).min(limit));
        }
        Some(Offer {
            permits,
            pass_over: if reserved {
                lock(&self.busy).keys().copied().collect()
            } else {
                Vec::new()
            },
            reserved,
        })
    }

    /// Resolves when a slot is free that is not reserved.
    pub(crate) async fn common(&self) {
        let wanted = u32::try_from(self.reserved + 1).unwrap_or(u32::MAX);
        drop(self.free.acquire_many(wanted).await);
    }
}

impl Offer {
    pub(crate) fn len(&self) -> usize {
        self.permits.len()
    }

    /// Puts a job into one of the slots.
    pub(crate) fn occupy(&mut self, slots: &Slots, tenant: TenantId) -> Option<Slot> {
        let permit = self.permits.pop()?;
        *lock(&slots.busy).entry(tenant).or_default() += 1;
        Some(Slot {
            tenant,
            busy: slots.busy.clone(),
            _permit: permit,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut busy = lock(&self.busy);
        if let Some(count) = busy.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                busy.remove(&self.tenant);
            }
        }
    }
}

fn lock(busy: &Mutex<HashMap<TenantId, usize>>) -> MutexGuard<'_, HashMap<TenantId, usize>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn reserved_slots_are_for_tenants_that_hold_none() {
        let (slots, a) = (Slots::new(2, 1), TenantId(uuid::Uuid::from_u128(1)));
        let mut offer = slots.offer(10).await.unwrap();
        assert_eq!((offer.len(), offer.reserved), (2, false));
        let held = [offer.occupy(&slots, a).unwrap(), offer.occupy(&slots, a).unwrap()];
        assert!(offer.occupy(&slots, a).is_none());
        drop(offer);

        let offer = slots.offer(10).await.unwrap();
        assert_eq!((offer.len(), offer.reserved), (1, true));
        assert_eq!(offer.pass_over, [a]);
        drop((offer, held));

        let offer = slots.offer(1).await.unwrap();
        assert_eq!((offer.len(), offer.pass_over.len()), (1, 0));
        drop(offer);
        assert_eq!(slots.running(), 0);
        slots.common().await;
    }
}
