use super::{Replicas, catch_up};
use crate::JobError;
use std::path::Path;
use std::time::Duration;
use store::{KnowledgeBaseId, StoreError, TenantId, knowledge_bases};

const INTERVAL: Duration = Duration::from_secs(30);

/// A process that restarts takes its slot again long before this many visits.
const VISITS_BEFORE_EMPTYING: u64 = 10;

/// Visits every replica on this slot's disk, now and every half minute: applies what changed, and removes those whose base is gone.
pub(super) async fn run(replicas: &Replicas) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for visits in 0_u64.. {
        ticks.tick().await;
        let Ok(slot) = replicas.slot() else { continue };
        if visits > 0 && visits.is_multiple_of(VISITS_BEFORE_EMPTYING) {
            match slot.empty_abandoned() {
                Ok(0) => {}
                Ok(slots) => tracing::info!(slots, "emptied the slots of processes that are gone"),
                Err(error) => tracing::warn!(%error, "an abandoned slot could not be emptied"),
            }
        }
        for (tenant, base) in on_disk(slot.directory()) {
            if let Err(error) = visit(replicas, tenant, base).await {
                tracing::warn!(knowledge_base.id = %base, %error, "a replica could not be refreshed");
            }
        }
    }
}

async fn visit(replicas: &Replicas, tenant: TenantId, base: KnowledgeBaseId) -> Result<(), JobError> {
    let head = replicas
        .store()
        .tenant(tenant, async |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    let Some(head) = head else {
        return replicas.remove(tenant, base).await;
    };
    let open = replicas.open(tenant, &head.base).await?;
    catch_up::run(
        replicas.inner(),
        tenant,
        base,
        &open,
        u64::try_from(head.seq).unwrap_or(0),
    )
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
