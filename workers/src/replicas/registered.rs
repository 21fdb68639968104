//! Replicas that a slot is said to hold: deletions wait for each, so for one that is not there they would wait until it is given up as lost.
use super::index::Index;
use super::{Replicas, open};
use crate::JobError;
use retrieval::Slot;
use store::replica_cursors::{self, Registered};
use store::{Store, StoreError, System};
use uuid::Uuid;

/// Writes down that this slot does not hold what it is said to hold and does not: its process was killed before it made the replica, or it deleted the replica
/// and could not say so.
pub(super) async fn forget_missing(replicas: &Replicas, system: &System) -> Result<(), JobError> {
    let slot = replicas.slot()?;
    for registered in replica_cursors::all_of_slot(system, slot.id()).await? {
        let index = Index::from(registered);
        if is_there(replicas, slot, index)? {
            continue;
        }
        // Whoever opens a replica holds the door from before it is registered until it has a directory.
        let _door = replicas.inner().open.door(index).lock().await;
        if !is_there(replicas, slot, index)? {
            removed(replicas.store(), slot.id(), index).await?;
        }
    }
    Ok(())
}

fn is_there(replicas: &Replicas, slot: &Slot, index: Index) -> Result<bool, JobError> {
    let is_open = replicas.inner().open.find(index, false).is_some();
    Ok(is_open || slot.holds(index.into()).map_err(open::failed)?)
}

/// The same of a slot that was just emptied, and is held so that nobody takes it meanwhile.
pub(super) async fn forget_abandoned(store: &Store, system: &System, slot: &Slot) -> Result<(), JobError> {
    for registered in replica_cursors::all_of_slot(system, slot.id()).await? {
        let index = Index::from(registered);
        if !slot.holds(index.into()).map_err(open::failed)? {
            removed(store, slot.id(), index).await?;
        }
    }
    Ok(())
}

/// Writes down that nothing of the index is left on the disk of a slot.
pub(super) async fn removed(store: &Store, slot: Uuid, index: Index) -> Result<(), StoreError> {
    let of = index.in_slot(slot);
    store
        .tenant(index.tenant, async move |tx| replica_cursors::removed(tx, of).await)
        .await
}

impl From<Registered> for Index {
    fn from(registered: Registered) -> Self {
        Self {
            tenant: registered.tenant_id,
            base: registered.knowledge_base_id,
            generation: registered.generation,
        }
    }
}
