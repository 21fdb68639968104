use super::{Replicas, catch_up, open};
use crate::JobError;
use retrieval::{FoundReplica, Remains, Slot};
use std::path::Path;
use std::sync::Arc;
use store::replica_cursors::{self, ReplicaCursor};
use store::{KnowledgeBaseId, StoreError, TenantId, knowledge_bases};
use uuid::Uuid;

/// A process that restarts takes its slot again long before this many visits; and so often also what was merely replaced is taken off the disk.
const VISITS_BEFORE_TIDYING: u64 = 20;

/// Visits every replica on this slot's disk, now and in each interval: applies what changed, takes deleted text off the disk, writes down where the
/// replica stands, and removes those whose base is gone.
pub(super) async fn run(replicas: &Replicas) {
    let mut ticks = tokio::time::interval(replicas.inner().refresh_interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for visits in 0_u64.. {
        ticks.tick().await;
        let Ok(slot) = replicas.slot() else { continue };
        let tidy = visits > 0 && visits.is_multiple_of(VISITS_BEFORE_TIDYING);
        if tidy {
            match empty_abandoned(replicas, slot).await {
                Ok(0) => {}
                Ok(slots) => tracing::info!(slots, "emptied the slots of processes that are gone"),
                Err(error) => tracing::warn!(%error, "an abandoned slot could not be emptied"),
            }
        }
        for (tenant, base) in on_disk(slot.directory()) {
            if let Err(error) = visit(replicas, tenant, base, tidy).await {
                tracing::warn!(knowledge_base.id = %base, %error, "a replica could not be refreshed");
            }
        }
    }
}

async fn visit(replicas: &Replicas, tenant: TenantId, base: KnowledgeBaseId, tidy: bool) -> Result<(), JobError> {
    let slot = replicas.slot()?.id();
    let (head, cursor) = replicas
        .store()
        .tenant(tenant, async |tx| {
            let head = knowledge_bases::heads(tx, &[base]).await?.pop();
            Ok::<_, StoreError>((head, replica_cursors::find(tx, base, slot).await?))
        })
        .await?;
    // One that nobody knows of was given up as lost: it may have missed what was deleted since, and is built anew when it is searched.
    let (Some(head), Some(cursor)) = (head, cursor) else {
        return replicas.remove(tenant, base).await;
    };
    if cursor.erased_seq == head.seq && cursor.seq == head.seq && !tidy {
        return moved(replicas, tenant, base, &cursor).await;
    }
    let open = replicas.open(tenant, &head.base).await?;
    let wanted = u64::try_from(head.seq).unwrap_or(0);
    catch_up::run(replicas.inner(), tenant, base, &open, wanted).await?;
    let erased = erase(open, tidy).await?;
    let seq = i64::try_from(erased.cursor).unwrap_or(i64::MAX);
    let stands = ReplicaCursor {
        seq,
        erased_seq: if erased.remains == Remains::Deleted {
            cursor.erased_seq
        } else {
            seq
        },
        ..cursor
    };
    moved(replicas, tenant, base, &stands).await
}

/// Takes what was deleted off the disk, and with `replaced` also what was replaced; says where the replica stands then.
async fn erase(open: Arc<open::OpenReplica>, replaced: bool) -> Result<retrieval::Standing, JobError> {
    let replica = open.replica.clone();
    let erase = move || {
        let remains = replica.standing()?.remains;
        if remains == Remains::Deleted || replaced && remains == Remains::Replaced {
            replica.expunge()?;
            metrics::counter!("replica_expunges_total").increment(1);
        }
        replica.standing()
    };
    tokio::task::spawn_blocking(erase)
        .await
        .map_err(open::panicked)?
        .map_err(open::failed)
}

async fn moved(
    replicas: &Replicas,
    tenant: TenantId,
    base: KnowledgeBaseId,
    stands: &ReplicaCursor,
) -> Result<(), JobError> {
    let (slot, seq, erased) = (stands.slot_id, stands.seq, stands.erased_seq);
    Ok(replicas
        .store()
        .tenant(tenant, async move |tx| {
            replica_cursors::moved(tx, base, slot, seq, erased).await
        })
        .await?)
}

/// Returns how many slots held something.
async fn empty_abandoned(replicas: &Replicas, ours: &Slot) -> Result<usize, JobError> {
    let mut emptied = 0;
    for slot in ours.abandoned().map_err(open::failed)? {
        let found = slot.replicas();
        if found.is_empty() {
            continue;
        }
        slot.empty().map_err(open::failed)?;
        for replica in found {
            removed(replicas.store(), slot.id(), &replica).await?;
        }
        emptied += 1;
    }
    Ok(emptied)
}

/// Writes down that a replica is no longer on the disk of a slot.
pub(super) async fn removed(store: &store::Store, slot: Uuid, replica: &FoundReplica) -> Result<(), StoreError> {
    let base = KnowledgeBaseId(replica.knowledge_base);
    store
        .tenant(TenantId(replica.tenant), async move |tx| {
            replica_cursors::removed(tx, base, slot).await
        })
        .await
}

/// The `<tenant>/<base>` folders of a slot.
fn on_disk(slot: &Path) -> Vec<(TenantId, KnowledgeBaseId)> {
    let ids = |path: &Path| -> Vec<uuid::Uuid> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    };
    ids(slot)
        .into_iter()
        .flat_map(|tenant| {
            ids(&slot.join(tenant.to_string()))
                .into_iter()
                .map(move |base| (TenantId(tenant), KnowledgeBaseId(base)))
        })
        .collect()
}
