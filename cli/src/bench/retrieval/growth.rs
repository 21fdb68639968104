//! What a replica of a base takes: time to build it from PostgreSQL, memory, disk.
use crate::bench::rig::Rig;
use anyhow::Context as _;
use jobs::kinds::BaseAt;
use retrieval::Replica;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::{KnowledgeBaseId, TenantId, knowledge_bases};

pub(super) struct Growth {
    pub(super) replica: Arc<Replica>,
    pub(super) figures: Value,
}

/// Builds the base's replica in this process, in a slot of its own.
pub(super) async fn measure(rig: &Rig, tenant: TenantId, base: KnowledgeBaseId) -> anyhow::Result<Growth> {
    let heads = rig
        .context
        .store
        .tenant(tenant, async |tx| knowledge_bases::heads(tx, &[base]).await)
        .await?;
    let head = heads.into_iter().next().context("the base is gone")?;
    let at = BaseAt {
        id: base,
        seq: head.seq,
    };
    let replicas = rig.context.settings.storage.data_dir.join("replicas");
    let (memory, disk, start) = (resident_bytes()?, bytes_under(&replicas)?, Instant::now());
    let replica = loop {
        let (replica, stale) = rig
            .context
            .replicas
            .at(tenant, &head.base, at)
            .await
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        if !stale {
            break replica;
        }
    };
    let secs = start.elapsed().as_secs_f64();
    let chunks = replica.chunk_count()?;
    let (memory, disk) = (
        resident_bytes()?.saturating_sub(memory),
        bytes_under(&replicas)?.saturating_sub(disk),
    );
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "\n{chunks} chunks: replica built in {secs:.1} s; {:.0} MiB of memory, {:.0} MiB of disk",
        mib(memory),
        mib(disk)
    );
    let figures = json!({
        "chunks": chunks, "rebuild_secs": secs, "memory_bytes": memory, "vector_bytes": replica.vector_bytes()?, "disk_bytes": disk,
    });
    Ok(Growth { replica, figures })
}

/// This process's resident set.
fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("the kernel says no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

fn bytes_under(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(0);
    };
    for entry in entries {
        let entry = entry?;
        // Other processes' replicas change meanwhile.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() {
            bytes_under(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
