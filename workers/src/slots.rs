//! The slots of one pool in one process. The reserved ones are for tenants that hold no other: whatever a tenant's backlog and however long its
//! jobs, another tenant's first job finds a slot.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::TenantId;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    freed: Arc<Notify>,
    total: usize,
    reserved: usize,
    tenants: Arc<Tenants>,
}

/// Who holds slots.
struct Tenants {
    busy: Mutex<HashMap<TenantId, usize>>,
    /// How many times a tenant gave its last one back.
    left: watch::Sender<u64>,
}

/// Free slots, taken, for the next jobs.
pub(crate) struct Offer {
    permits: Vec<Permit>,
    kept_for: Vec<Busy>,
    left: watch::Receiver<u64>,
    /// Tenants that may not have them.
    pub(crate) pass_over: Vec<TenantId>,
    /// Only reserved ones were free.
    pub(crate) reserved: bool,
}

/// Resolves when a tenant has given its last slot back since the offer was made: it may have a reserved one now.
pub(crate) struct Left(watch::Receiver<u64>);

impl Left {
    pub(crate) async fn since(mut self) {
        // The other end lives as long as the slots.
        let _ = self.0.changed().await;
    }
}

/// Free slots that nobody has taken yet.
pub(crate) struct Free {
    pub(crate) count: usize,
    /// Tenants that may not have them.
    pub(crate) pass_over: Vec<TenantId>,
    /// Only reserved ones are free.
    pub(crate) reserved: bool,
    /// For those: when another tenant may have them.
    pub(crate) left: Left,
}

/// A slot with a job in it; dropping it frees it.
pub(crate) struct Slot {
    _busy: Busy,
    _permit: Permit,
}

/// A tenant holds a slot.
struct Busy {
    tenant: TenantId,
    tenants: Arc<Tenants>,
}

/// Says so when it has been given back. Waiting for one in the semaphore itself would keep others from what is free meanwhile.
struct Permit {
    permit: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.freed.notify_waiters();
    }
}

impl Slots {
    /// `reserved` slots beside `common` ones.
    pub(crate) fn new(common: usize, reserved: usize) -> Self {
        let total = common + reserved;
        Self {
            free: Arc::new(Semaphore::new(total)),
            freed: Arc::default(),
            total,
            reserved,
            tenants: Arc::new(Tenants {
                busy: Mutex::default(),
                left: watch::Sender::new(0),
            }),
        }
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn reserved(&self) -> usize {
        self.reserved
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
            .map(|permit| Permit {
                permit: Some(permit),
                freed: self.freed.clone(),
            })
            .collect();
        let reserved = permits.len() <= self.reserved;
        if !reserved {
            permits.truncate((permits.len() - self.reserved).min(limit));
        }
        // Before the look at who holds slots: whoever leaves after it is not missed.
        let left = self.tenants.left.subscribe();
        Some(Offer {
            permits,
            kept_for: Vec::new(),
            left,
            pass_over: self.pass_over(reserved),
            reserved,
        })
    }

    /// What an offer would hold just now, without taking it.
    pub(crate) fn look(&self, limit: usize) -> Free {
        let free = self.free.available_permits();
        let reserved = free <= self.reserved;
        let left = Left(self.tenants.left.subscribe());
        Free {
            left,
            count: if reserved {
                free
            } else {
                (free - self.reserved).min(limit)
            },
            pass_over: self.pass_over(reserved),
            reserved,
        }
    }

    /// Resolves when any slot is free.
    pub(crate) async fn any(&self) {
        self.more_free_than(0).await;
    }

    /// Resolves when a slot is free that is not reserved.
    pub(crate) async fn common(&self) {
        self.more_free_than(self.reserved).await;
    }

    async fn more_free_than(&self, count: usize) {
        loop {
            let freed = self.freed.notified();
            if self.free.available_permits() > count {
                return;
            }
            freed.await;
        }
    }

    fn pass_over(&self, reserved: bool) -> Vec<TenantId> {
        match reserved {
            true => lock(&self.tenants.busy).keys().copied().collect(),
            false => Vec::new(),
        }
    }
}

impl Offer {
    pub(crate) fn len(&self) -> usize {
        self.permits.len()
    }

    /// Gives the slots back, to wait for a tenant that leaves.
    pub(crate) fn give_back(self) -> Left {
        Left(self.left)
    }

    /// Lets the tenant count as one that holds a slot already, though its job is still to be claimed.
    pub(crate) fn keep_for(&mut self, slots: &Slots, tenant: TenantId) {
        self.kept_for.push(Busy::new(slots, tenant));
    }

    /// Adds the slots of another offer, whose tenants have been looked at.
    pub(crate) fn join(&mut self, mut other: Self) {
        self.permits.append(&mut other.permits);
        self.kept_for.append(&mut other.kept_for);
    }

    /// Puts a job into one of the slots.
    pub(crate) fn occupy(&mut self, slots: &Slots, tenant: TenantId) -> Option<Slot> {
        let permit = self.permits.pop()?;
        Some(Slot {
            _busy: Busy::new(slots, tenant),
            _permit: permit,
        })
    }
}

impl Busy {
    fn new(slots: &Slots, tenant: TenantId) -> Self {
        *lock(&slots.tenants.busy).entry(tenant).or_default() += 1;
        let tenants = slots.tenants.clone();
        Self { tenant, tenants }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = lock(&self.tenants.busy);
        if let Some(count) = busy.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                busy.remove(&self.tenant);
                self.tenants.left.send_modify(|times| *times += 1);
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
        assert_eq!(slots.look(10).count, 2);
        let mut offer = slots.offer(10).await.unwrap();
        assert_eq!((offer.len(), offer.reserved), (2, false));
        let held = [offer.occupy(&slots, a).unwrap(), offer.occupy(&slots, a).unwrap()];
        assert!(offer.occupy(&slots, a).is_none());
        drop(offer);

        let free = slots.look(10);
        assert_eq!((free.count, free.reserved, free.pass_over), (1, true, vec![a]));
        let offer = slots.offer(10).await.unwrap();
        assert_eq!((offer.len(), offer.reserved), (1, true));
        assert_eq!(offer.pass_over, [a]);
        drop((offer, held));

        let mut offer = slots.offer(1).await.unwrap();
        assert_eq!((offer.len(), offer.pass_over.len()), (1, 0));
        offer.keep_for(&slots, a);
        let other = slots.offer(1).await.unwrap();
        assert_eq!(slots.look(10).pass_over, [a]);
        drop((offer, other));
        assert!(slots.tenants.busy.lock().unwrap().is_empty());
        assert_eq!(slots.running(), 0);
        slots.common().await;
    }
}
