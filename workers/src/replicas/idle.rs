//! Replicas in slots that no process holds: of processes that ended, or were killed.
use super::index::Index;
use super::open::INDEX_VERSION;
use super::registered;
use config::Settings;
use retrieval::{FoundReplica, IndexId, Slot};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use store::{KnowledgeBaseId, Store, StoreError, TenantId, knowledge_bases};
use uuid::Uuid;

/// Why a replica is of no more use where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It was not closed cleanly: whoever opens it begins anew.
    HalfWritten,
    /// Its knowledge base is gone or being deleted, or was migrated to another embedding model.
    BaseGone,
    /// It was written by another release.
    OtherRelease,
}

/// A replica that nobody holds and nobody can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleReplica {
    pub directory: PathBuf,
    pub why: Unusable,
}

/// Why idle replicas could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum IdleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Disk(#[from] retrieval::Error),
    #[error("{}: {source}", .directory.display())]
    Remove { directory: PathBuf, source: std::io::Error },
}

/// Looks through the slots of this machine that no process holds, and holds them meanwhile: a process that starts now takes another. With
/// `remove`, deletes what it found; that costs time at the next search of the base, never data. Replicas of running processes are their own
/// business: an open one has no clean marker, and is right.
///
/// # Errors
/// [`IdleError`].
pub async fn idle_replicas(store: &Store, settings: &Settings, remove: bool) -> Result<Vec<IdleReplica>, IdleError> {
    let slots = Slot::acquire_idle(&settings.storage.data_dir.join("replicas"))?;
    let found: Vec<(Uuid, FoundReplica)> = slots
        .iter()
        .flat_map(|slot| slot.replicas().into_iter().map(|replica| (slot.id(), replica)))
        .collect();
    let live = live_indexes(store, &found).await?;
    let mut unusable = Vec::new();
    for (slot, replica) in found {
        let why = if !live.contains(&replica.index) {
            Unusable::BaseGone
        } else if replica.index_version != INDEX_VERSION {
            Unusable::OtherRelease
        } else if !replica.closed_cleanly {
            Unusable::HalfWritten
        } else {
            continue;
        };
        if remove {
            std::fs::remove_dir_all(&replica.directory).map_err(|source| IdleError::Remove {
                directory: replica.directory.clone(),
                source,
            })?;
            if why != Unusable::OtherRelease {
                registered::removed(store, slot, replica.index.into()).await?;
            }
        }
        unusable.push(IdleReplica {
            directory: replica.directory,
            why,
        });
    }
    Ok(unusable)
}

async fn live_indexes(store: &Store, found: &[(Uuid, FoundReplica)]) -> Result<BTreeSet<IndexId>, StoreError> {
    let mut by_tenant: BTreeMap<TenantId, Vec<KnowledgeBaseId>> = BTreeMap::new();
    for (_, replica) in found {
        let index = Index::from(replica.index);
        by_tenant.entry(index.tenant).or_default().push(index.base);
    }
    let mut live = BTreeSet::new();
    for (tenant, bases) in by_tenant {
        let heads = store
            .tenant(tenant, async move |tx| knowledge_bases::heads(tx, &bases).await)
            .await?;
        let indexes = heads.iter().flat_map(|head| head.by_index());
        live.extend(indexes.map(|base| IndexId::from(Index::of(tenant, &base))));
    }
    Ok(live)
}
