use super::index::Index;
use super::{INDEX_VERSION, Replicas, open, registered};
use crate::JobError;
use futures::StreamExt as _;
use retrieval::{Place, Remains, Slot};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use store::knowledge_bases::{KnowledgeBase, KnowledgeBaseHead};
use store::replica_cursors::{self, ReplicaCursor};
use store::{KnowledgeBaseId, StoreError, System, TenantId, knowledge_bases};
use tokio::sync::Mutex;
use uuid::Uuid;

/// A process that restarts takes its slot again long before this many visits; and so often also what was merely replaced is taken off the disk.
const VISITS_BEFORE_TIDYING: u64 = 20;
/// Between two looks at whether somebody holds a slot.
const VISITS_BETWEEN_LOOKS: u64 = 4;
const VISITED_AT_ONCE: usize = 4;

/// Visits every replica on this slot's disk, now and in each interval: applies what changed, takes deleted text off the disk, writes down where the
/// replica stands, and removes those whose base is gone. What the slot is said to hold and does not is no longer waited for; what nobody can use, since its
/// process was killed or was of another release, is known to be so before the first of them is built anew.
pub(super) async fn run(replicas: &Replicas, system: &System) {
    let mut ticks = tokio::time::interval(replicas.inner().refresh_interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut idle: HashSet<Uuid> = HashSet::new();
    let building = Arc::new(Mutex::new(()));
    for visits in 0_u64.. {
        ticks.tick().await;
        let Ok(slot) = replicas.slot() else { continue };
        let tidy = visits > 0 && visits.is_multiple_of(VISITS_BEFORE_TIDYING);
        let is_second_look = visits % VISITS_BEFORE_TIDYING == VISITS_BETWEEN_LOOKS;
        if tidy {
            idle = slot.abandoned().unwrap_or_default().iter().map(Slot::id).collect();
        } else if is_second_look {
            match empty_abandoned(replicas, system, slot, &std::mem::take(&mut idle)).await {
                Ok(0) => {}
                Ok(slots) => tracing::info!(slots, "emptied the slots of processes that are gone"),
                Err(error) => tracing::warn!(%error, "an abandoned slot could not be emptied"),
            }
        }
        if let Err(error) = registered::tell_missing(replicas, system).await {
            tracing::warn!(%error, "replicas that are not on the disk are still counted on");
        }
        // Those that are there first: what is built anew takes minutes.
        let mut to_build: Vec<Absent> = futures::stream::iter(on_disk(slot))
            .map(async |((tenant, base), found)| {
                let visited = visit(replicas, (tenant, base), &found, tidy).await;
                // What it opened is closed again before it opens more.
                replicas.make_room(None).await;
                visited.unwrap_or_else(|error| {
                    tracing::warn!(knowledge_base.id = %base, %error, "a replica could not be refreshed");
                    Vec::new()
                })
            })
            .buffer_unordered(VISITED_AT_ONCE)
            .concat()
            .await;
        // One that takes long and fails is not before the others each time.
        let turn = usize::try_from(visits).unwrap_or(0).checked_rem(to_build.len());
        to_build.rotate_left(turn.unwrap_or(0));
        // While some are built, those that are there are visited again.
        if !to_build.is_empty()
            && let Ok(alone) = building.clone().try_lock_owned()
        {
            let builder = replicas.clone();
            replicas.inner().tasks.spawn_until_stopped(async move {
                build(&builder, &to_build).await;
                drop(alone);
            });
        }
        if let Err(error) = replicas.make_room_on_disk().await {
            tracing::warn!(%error, "replicas could not be deleted from the disk");
        }
    }
}

/// A replica that the slot is to hold and cannot use: it was not closed, is of another release, or was never there.
struct Absent {
    tenant: TenantId,
    base: KnowledgeBase,
    head: i64,
    cursor: Option<ReplicaCursor>,
}

/// `found`: the indexes of the base that the slot holds a replica of. Where it holds one, it comes to hold each that searches can use, so that none has to be
/// waited for when the base switches. Returns those that are to be built for that.
async fn visit(
    replicas: &Replicas,
    (tenant, base): (TenantId, KnowledgeBaseId),
    found: &BTreeMap<i32, Option<Place>>,
    tidy: bool,
) -> Result<Vec<Absent>, JobError> {
    let slot = replicas.slot()?.id();
    let (head, cursors) = replicas
        .store()
        .tenant(tenant, async |tx| {
            let head = knowledge_bases::heads(tx, &[base]).await?.pop();
            Ok::<_, StoreError>((head, replica_cursors::of_slot(tx, base, slot).await?))
        })
        .await?;
    let known = |generation: i32| cursors.iter().find(|cursor| cursor.generation == generation);
    for &generation in found.keys() {
        let has_it = head
            .as_ref()
            .is_some_and(|head| head.by_generation(generation).is_some());
        // One that nobody knows of was given up as lost: it may have missed what was deleted since, and is built anew when it is searched.
        if !has_it || known(generation).is_none() {
            let index = Index {
                tenant,
                base,
                generation,
            };
            replicas.remove(index).await?;
        }
    }
    let mut absent = Vec::new();
    let Some(head) = head else { return Ok(absent) };
    if !found.keys().any(|generation| known(*generation).is_some()) {
        return Ok(absent);
    }
    for by_index in head.by_index() {
        let generation = by_index.index_generation;
        let closed_at = found.get(&generation).copied().flatten();
        let followed = known(generation).filter(|cursor| {
            let is_there = cursor.erased_seq == head.seq && cursor.seq == head.seq;
            is_there && !tidy && !is_elsewhere(replicas, Index::of(tenant, &by_index), &head, closed_at)
        });
        let index = Index::of(tenant, &by_index);
        match followed {
            Some(cursor) => moved(replicas, index, cursor.seq, cursor.erased_seq).await?,
            None if closed_at.is_none() && replicas.inner().open.find(index, false).is_none() => {
                // One that is never built is not waited for: it is given up as lost, and what lies there is removed.
                if let Err(error) = replicas.inner().can_build(tenant, &by_index) {
                    tracing::warn!(knowledge_base.id = %base, %error, "a replica cannot be built here");
                    continue;
                }
                await_built(replicas, index).await?;
                absent.push(Absent {
                    tenant,
                    base: by_index,
                    head: head.seq,
                    cursor: known(generation).cloned(),
                });
            }
            // Whoever builds it looks after it when it is done.
            None if is_being_built(replicas, index) => await_built(replicas, index).await?,
            None => follow(replicas, tenant, &by_index, head.seq, known(generation), tidy).await?,
        }
    }
    Ok(absent)
}

/// Writes down that this process is about to build the replica, or builds it: it is not silent.
async fn await_built(replicas: &Replicas, index: Index) -> Result<(), JobError> {
    let of = index.in_slot(replicas.slot()?.id());
    Ok(replicas
        .store()
        .tenant(index.tenant, async move |tx| replica_cursors::awaits(tx, of).await)
        .await?)
}

/// Whether somebody is at it who may take minutes: what has been up to date once is soon so again.
fn is_being_built(replicas: &Replicas, index: Index) -> bool {
    let open = replicas.inner().open.find(index, false);
    open.is_some_and(|open| !open.warm.load(Relaxed) && open.catching_up.try_lock().is_err())
}

/// Builds replicas that nobody has asked for: one at a time, so that jobs and searches keep the other processors. A new release, or a machine that lost its power,
/// leaves all of them to be built. What became of one since it was found to be absent, its next visit sees.
async fn build(replicas: &Replicas, all: &[Absent]) {
    for absent in all {
        let built = follow(
            replicas,
            absent.tenant,
            &absent.base,
            absent.head,
            absent.cursor.as_ref(),
            false,
        )
        .await;
        if let Err(error) = built {
            tracing::warn!(knowledge_base.id = %absent.base.id, %error, "a replica could not be built");
        }
        replicas.make_room(None).await;
    }
}

/// Whether the replica itself does not stand where its row says, since the database was set back behind both. One that was not closed says nothing: its row has
/// it at no change by now, so that it is opened, and built anew.
fn is_elsewhere(replicas: &Replicas, index: Index, head: &KnowledgeBaseHead, closed_at: Option<Place>) -> bool {
    let place = match replicas.inner().open.find(index, false) {
        Some(open) => open.replica.place().ok(),
        None => closed_at,
    };
    place.is_some_and(|place| i64::try_from(place.seq) != Ok(head.seq) || place.era.is_some() && place.era != head.era)
}

/// Brings the replica of an index up to date, and writes down where it stands.
async fn follow(
    replicas: &Replicas,
    tenant: TenantId,
    base: &KnowledgeBase,
    head: i64,
    cursor: Option<&ReplicaCursor>,
    tidy: bool,
) -> Result<(), JobError> {
    let index = Index::of(tenant, base);
    let wanted = u64::try_from(head).unwrap_or(0);
    let mut open = replicas.open_unused(tenant, base).await?;
    replicas.catch_up(index, &open, wanted).await?;
    if open.replica.is_broken() {
        open = replicas.open_unused(tenant, base).await?;
        replicas.catch_up(index, &open, wanted).await?;
    }
    let erased = erase(open, tidy).await?;
    let seq = i64::try_from(erased.cursor).unwrap_or(i64::MAX);
    let erased_seq = match erased.remains {
        Remains::Deleted => cursor.map_or(0, |cursor| cursor.erased_seq),
        Remains::Nothing | Remains::Replaced => seq,
    };
    moved(replicas, index, seq, erased_seq).await
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

async fn moved(replicas: &Replicas, index: Index, seq: i64, erased_seq: i64) -> Result<(), JobError> {
    let of = index.in_slot(replicas.slot()?.id());
    Ok(replicas
        .store()
        .tenant(index.tenant, async move |tx| {
            replica_cursors::moved(tx, of, seq, erased_seq).await
        })
        .await?)
}

/// Empties the slots that nobody holds and nobody held a while ago either, which are those in `idle`: a process that starts anew takes its own again meanwhile.
/// Returns how many held something.
async fn empty_abandoned(
    replicas: &Replicas,
    system: &System,
    ours: &Slot,
    idle: &HashSet<Uuid>,
) -> Result<usize, JobError> {
    let mut emptied = 0;
    for slot in ours.abandoned().map_err(open::failed)? {
        if !idle.contains(&slot.id()) {
            continue;
        }
        let held_something = !slot.replicas().is_empty();
        let slot = tokio::task::spawn_blocking(move || slot.empty().map(|()| slot))
            .await
            .map_err(open::panicked)?
            .map_err(open::failed)?;
        // Also where whoever emptied it before could not write that down.
        registered::forget_abandoned(replicas.store(), system, &slot).await?;
        emptied += usize::from(held_something);
    }
    Ok(emptied)
}

/// By base, the generations that the slot holds a replica of, and where each was closed.
fn on_disk(slot: &Slot) -> BTreeMap<(TenantId, KnowledgeBaseId), BTreeMap<i32, Option<Place>>> {
    let mut found: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for replica in slot.replicas() {
        let index = Index::from(replica.index);
        let of_base = found.entry((index.tenant, index.base)).or_default();
        let closed_at = of_base.entry(index.generation).or_insert(None);
        if replica.index_version == INDEX_VERSION {
            *closed_at = replica.closed_at();
        }
    }
    found
}
