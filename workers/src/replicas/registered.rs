//! Replicas that a slot is said to hold: deletions wait for each, so for one that is not there they would wait until it is given up as lost; and a base is
//! switched to another index where each is said to be as new as the one that is searched.
use super::index::Index;
use super::{INDEX_VERSION, Replicas, open};
use crate::JobError;
use retrieval::Slot;
use store::replica_cursors::{self, Registered};
use store::{Store, StoreError, System};
use uuid::Uuid;

/// Writes down what this slot does not hold of that which it is said to hold: its process was killed before it made the replica, or it deleted the replica and
/// could not say so. Of what lies there and nobody can use, because the process was killed or is of another release, that it stands nowhere.
pub(super) async fn tell_missing(replicas: &Replicas, system: &System) -> Result<(), JobError> {
    let slot = replicas.slot()?;
    for registered in replica_cursors::all_of_slot(system, slot.id()).await? {
        let index = Index::from(registered);
        if is_there(replicas, slot, index)? && (registered.seq == 0 || is_usable(replicas, slot, index)) {
            continue;
        }
        // Whoever opens a replica holds the door from before it is registered until it has a directory.
        let _door = replicas.inner().open.door(index).lock().await;
        if !is_there(replicas, slot, index)? {
            removed(replicas.store(), slot.id(), index).await?;
        } else if !is_usable(replicas, slot, index) {
            emptied(replicas.store(), slot.id(), index).await?;
        }
    }
    Ok(())
}

/// Whether it is opened as it is: another release's is not, nor what was not closed.
fn is_usable(replicas: &Replicas, slot: &Slot, index: Index) -> bool {
    let is_open = replicas.inner().open.find(index, false).is_some();
    is_open || slot.closed_at(index.into(), INDEX_VERSION).is_some()
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

/// Writes down that the index is built from the beginning in a slot.
pub(super) async fn emptied(store: &Store, slot: Uuid, index: Index) -> Result<(), StoreError> {
    let of = index.in_slot(slot);
    store
        .tenant(index.tenant, async move |tx| replica_cursors::emptied(tx, of).await)
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
