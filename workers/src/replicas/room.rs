//! How much of the machine replicas may take: what was not used for longest is closed, or deleted from the disk.
use super::index::Index;
use super::open::{Replicas, close, panicked};
use crate::JobError;
use retrieval::FoundReplica;
use std::time::{Instant, SystemTime};

impl Replicas {
    /// Closes what is too much, the least recently used first; `keep` stays, and what is in use until the next time.
    pub(super) async fn make_room(&self, keep: Option<Index>) {
        let open = &self.inner().open;
        while let Some(index) = open.surplus(keep) {
            let _door = open.door(index).lock().await;
            // Somebody may have closed it meanwhile, or want it.
            let Some(replica) = open.take_unused(index) else {
                continue;
            };
            close(replica).await;
            metrics::counter!("replicas_closed_total").increment(1);
        }
    }

    /// Deletes from the disk what is too much, the least recently used first, but the one that was used last. It is built anew when it is searched.
    pub(super) async fn make_room_on_disk(&self) -> Result<(), JobError> {
        let limit = self.inner().most_disk_bytes;
        let found = self.slot()?.replicas();
        let mut sized = tokio::task::spawn_blocking(move || sizes(found))
            .await
            .map_err(panicked)?;
        let mut bytes: u64 = sized.iter().map(|(_, bytes)| bytes).sum();
        if bytes > limit {
            sized.sort_by_key(|(replica, _)| last_use(self, replica));
            sized.pop();
            for (replica, of_it) in sized {
                if bytes <= limit {
                    break;
                }
                let index = Index::from(replica.index);
                self.remove(index).await?;
                bytes = bytes.saturating_sub(of_it);
                metrics::counter!("replicas_deleted_total").increment(1);
                tracing::info!(knowledge_base.id = %index.base, bytes = of_it, "a replica was deleted: the disk's share of replicas is full");
            }
        }
        metrics::gauge!("replica_disk_bytes").set(bytes as f64);
        Ok(())
    }
}

fn sizes(found: Vec<FoundReplica>) -> Vec<(FoundReplica, u64)> {
    found
        .into_iter()
        .map(|replica| {
            let bytes = replica.bytes();
            (replica, bytes)
        })
        .collect()
}

/// What this process never used comes first, by when it was last closed.
fn last_use(replicas: &Replicas, replica: &FoundReplica) -> (Option<Instant>, Option<SystemTime>) {
    (
        replicas.inner().open.last_used(Index::from(replica.index)),
        replica.last_closed(),
    )
}

pub(super) fn megabytes(mb: u64) -> u64 {
    mb.saturating_mul(1 << 20)
}
