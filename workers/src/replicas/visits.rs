//! Looks after the indexes on the vector server, also those that nobody searches.
use super::index::Index;
use super::open::{Inner, failed};
use super::served::{Attempt, LEASE};
use crate::JobError;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::vector_indexes::{self, VectorIndex, on_server};
use store::{StoreError, System, knowledge_bases, replica_cursors};
use tokio::time::{Instant, MissedTickBehavior};

/// When this process counted the chunks of each index last. One it has not heard of before counts as counted.
#[derive(Default)]
struct Counted {
    at: HashMap<Index, Instant>,
}

impl Counted {
    /// Forgets the others.
    fn keep(&mut self, all: &[VectorIndex]) {
        let known: HashSet<Index> = all.iter().map(index_of).collect();
        self.at.retain(|index, _| known.contains(index));
    }

    fn is_due(&mut self, index: Index, every: Duration) -> bool {
        self.at.entry(index).or_insert_with(Instant::now).elapsed() >= every
    }

    fn note(&mut self, index: Index) {
        self.at.insert(index, Instant::now());
    }
}

/// Looks after all indexes on the server, now and in each interval: brings those up to date that are behind, and removes those that no base has any
/// more.
pub(super) async fn tend(inner: &Arc<Inner>, system: &System) {
    let mut ticks = tokio::time::interval(inner.refresh_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut counted = Counted::default();
    loop {
        ticks.tick().await;
        if let Err(error) = visit_all(inner, system, &mut counted).await {
            tracing::warn!(%error, "the indexes on the vector server could not be looked after");
        }
    }
}

async fn visit_all(inner: &Arc<Inner>, system: &System, counted: &mut Counted) -> Result<(), JobError> {
    let all = vector_indexes::all(system).await?;
    counted.keep(&all);
    if !all.is_empty() {
        // Where it does not answer, no index has to find that out by itself.
        inner.vector_server()?.version().await.map_err(failed)?;
    }
    for known in all {
        if let Err(error) = visit(inner, &known, counted).await {
            tracing::warn!(knowledge_base.id = %known.knowledge_base_id, %error, "an index on the vector server could not be refreshed");
        }
    }
    Ok(())
}

async fn visit(inner: &Arc<Inner>, known: &VectorIndex, counted: &mut Counted) -> Result<(), JobError> {
    let (tenant, base, generation) = (known.tenant_id, known.knowledge_base_id, known.generation);
    let head = inner
        .store
        .tenant(tenant, async move |tx| {
            Ok::<_, StoreError>(knowledge_bases::heads(tx, &[base]).await?.pop())
        })
        .await?;
    let by_index = head.as_ref().and_then(|head| head.by_generation(generation));
    let served = by_index.map(|base| inner.served(tenant, &base)).transpose()?.flatten();
    let (Some(head), Some(served)) = (head, served) else {
        return remove(inner, index_of(known)).await.map(drop);
    };
    let wanted = u64::try_from(head.seq).unwrap_or(0);
    if known.seq < head.seq || !served.has_come_to(&inner.store, wanted).await? {
        served.catch_up(inner).await?;
        return Ok(());
    }
    let every = Duration::from_secs(inner.qdrant.compare_interval_secs);
    if counted.is_due(index_of(known), every) && matches!(served.recount(inner).await?, Attempt::Done) {
        counted.note(index_of(known));
    }
    let of = on_server(base, generation);
    Ok(inner
        .store
        .tenant(tenant, async move |tx| vector_indexes::seen(tx, of, head.seq).await)
        .await?)
}

/// Takes what the server has of an index that is gone, whatever its collection, and then has it known.
pub(super) async fn remove(inner: &Inner, index: Index) -> Result<Attempt, JobError> {
    let (tenant, of) = (index.tenant, on_server(index.base, index.generation));
    let claimed = inner
        .store
        .tenant(tenant, async move |tx| {
            vector_indexes::claim(tx, of, LEASE.as_secs_f64()).await
        })
        .await?;
    let Some(_writer) = claimed else {
        return Ok(Attempt::Busy);
    };
    inner
        .vector_server()?
        .remove_everywhere(index.into())
        .await
        .map_err(failed)?;
    inner
        .store
        .tenant(tenant, async move |tx| replica_cursors::removed(tx, of).await)
        .await?;
    Ok(Attempt::Done)
}

fn index_of(known: &VectorIndex) -> Index {
    Index {
        tenant: known.tenant_id,
        base: known.knowledge_base_id,
        generation: known.generation,
    }
}
