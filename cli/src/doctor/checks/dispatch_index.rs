use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use jobs::{Contents, Dispatch, IdFault, Place, Pool, Queue, RingFault};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use store::inspect::{Standing, standings};
use store::{JobId, StoreError, System, TenantId};

pub(super) const CHECK: Check = Check {
    name: "dispatch_index",
    run: |site| Box::pin(check(site)),
};

/// What is still wrong after so long was not just on its way.
const PAUSE: Duration = Duration::from_secs(1);
/// From a pop to PostgreSQL's decision it is milliseconds.
const POPPED_SECS: f64 = 60.0;
/// Ids a question to PostgreSQL.
const BATCH: usize = 5_000;

/// An id that looks wrong, and what is needed to look at it again.
struct Suspect {
    pool: Pool,
    id: JobId,
    place: Option<Place>,
    waits: bool,
}

/// What Redis holds, beside what PostgreSQL knows: ids of jobs that are unknown or over, ids that nobody would ever pop, tenants that
/// take no turns or too many. The first look suspects, the second, in one step of Redis for each suspect, decides; a repair is the same step.
async fn check(site: &Site) -> Looked {
    let (system, queue) = (site.system()?, site.answering_queue()?);
    let mut suspects = Vec::new();
    let mut turns = BTreeSet::new();
    let mut held = 0;
    for pool in Pool::ALL {
        let contents = queue.contents(pool).await?;
        held += contents.queued.len();
        suspects.extend(suspected(system, pool, &contents).await?);
        turns.extend(doubtful_turns(&contents).into_iter().map(|place| (pool, place)));
    }
    if suspects.is_empty() && turns.is_empty() {
        return Ok(Verdict::ok(format!(
            "{held} ids wait in Redis, and PostgreSQL knows each of them"
        )));
    }
    tokio::time::sleep(PAUSE).await;
    let mut faults = BTreeMap::new();
    for suspect in confirmed(system, suspects).await? {
        if let Some(fault) = judge(queue, &suspect, site.repair).await? {
            faults
                .entry(words(fault))
                .or_insert_with(Vec::new)
                .push(suspect.id.to_string());
            // What was taken out of a queue may have left its turn behind.
            turns.extend(suspect.place.map(|place| (suspect.pool, place)));
        }
    }
    for (pool, place) in turns {
        if let Some(fault) = queue.check_ring(pool, &place, site.repair).await? {
            let place = format!(
                "{pool}, priority {}, tenant {} {}",
                place.priority, place.tenant, place.kind
            );
            faults.entry(ring_words(fault)).or_insert_with(Vec::new).push(place);
        }
    }
    Ok(verdict(&faults, site.repair))
}

fn verdict(faults: &BTreeMap<&'static str, Vec<String>>, repair: bool) -> Verdict {
    if faults.is_empty() {
        return Verdict::ok("what looked wrong was on its way");
    }
    let said: Vec<String> = faults.iter().map(|(what, of)| format!("{} {what}", of.len())).collect();
    let examples: Vec<String> = faults
        .iter()
        .flat_map(|(what, of)| of.iter().take(2).map(move |one| format!("{one}: {what}")))
        .collect();
    let mut found = Verdict::new(Health::Problem, said.join("; ")).of(&examples);
    found.count = faults.values().map(Vec::len).sum();
    match repair {
        true => found.repaired(0),
        false => {
            found.advise("--repair puts Redis right; or delete every key of the prefix, which is safe at any time")
        }
    }
}

/// Ids whose place does not agree with what PostgreSQL says of them.
async fn suspected(system: &System, pool: Pool, contents: &Contents) -> Result<Vec<Suspect>, StoreError> {
    let mut places: HashMap<JobId, Option<Place>> = contents.queued.iter().map(|id| (*id, None)).collect();
    for listed in &contents.listed {
        places.insert(listed.id, Some(listed.place.clone()));
    }
    let old = contents.popped.iter().filter(|(_, secs)| *secs > POPPED_SECS);
    let old: Vec<JobId> = old.map(|(id, _)| *id).collect();
    for id in &old {
        places.entry(*id).or_insert(None);
    }
    let known = known(system, places.keys().copied().collect()).await?;
    let mut suspects = Vec::new();
    for (id, place) in places {
        let standing = known.get(&id).filter(|standing| standing.pool == pool.as_str());
        let over = standing.is_none_or(|standing| standing.ended);
        let waits = standing.is_some_and(|standing| standing.queued);
        let misplaced = waits && place.is_some() != contents.queued.contains(&id) && !old.contains(&id);
        let left = old.contains(&id) && !waits;
        if over || misplaced || left {
            let own = standing.map(|standing| Place {
                priority: standing.priority,
                tenant: standing.tenant_id,
                kind: standing.kind.clone(),
                knowledge_bases: standing.knowledge_base_ids.clone(),
            });
            suspects.push(Suspect {
                pool,
                id,
                place: if waits { own } else { place.or(own) },
                waits,
            });
        }
    }
    Ok(suspects)
}

/// Those of which PostgreSQL still says what it said.
async fn confirmed(system: &System, suspects: Vec<Suspect>) -> Result<Vec<Suspect>, StoreError> {
    let known = known(system, suspects.iter().map(|suspect| suspect.id).collect()).await?;
    let waits = |suspect: &Suspect| {
        known
            .get(&suspect.id)
            .is_some_and(|standing| standing.queued && standing.pool == suspect.pool.as_str())
    };
    Ok(suspects
        .into_iter()
        .filter(|suspect| waits(suspect) == suspect.waits)
        .collect())
}

async fn known(system: &System, ids: Vec<JobId>) -> Result<HashMap<JobId, Standing>, StoreError> {
    let mut known = HashMap::new();
    for part in ids.chunks(BATCH) {
        let found = standings(system, part).await?;
        known.extend(found.into_iter().map(|standing| (standing.id, standing)));
    }
    Ok(known)
}

/// Where lines or tenants have ids and no turn, a turn and no ids, or more than one turn; an empty kind stands for the tenant's turns alone.
fn doubtful_turns(contents: &Contents) -> BTreeSet<Place> {
    let queues: BTreeSet<Place> = contents.listed.iter().map(|listed| listed.place.clone()).collect();
    // A tenant's turns are those of all its priorities.
    let of_tenant = |tenant: TenantId| Place {
        priority: 0,
        tenant,
        kind: String::new(),
        knowledge_bases: Vec::new(),
    };
    let tenants: BTreeSet<Place> = contents
        .line_turns
        .iter()
        .map(|place| of_tenant(place.tenant))
        .collect();
    let rings = contents.turns.iter().map(|tenant| of_tenant(*tenant));
    let of_lines = unlike(&queues, contents.line_turns.iter().cloned());
    of_lines.into_iter().chain(unlike(&tenants, rings)).collect()
}

/// What stands on one side only, or more than once among the turns.
fn unlike(waiting: &BTreeSet<Place>, turns: impl Iterator<Item = Place>) -> BTreeSet<Place> {
    let mut counts: BTreeMap<Place, usize> = BTreeMap::new();
    for turn in turns {
        *counts.entry(turn).or_default() += 1;
    }
    let without_turn = waiting.iter().filter(|place| !counts.contains_key(place)).cloned();
    let wrong = counts
        .iter()
        .filter(|(place, count)| **count > 1 || !waiting.contains(place))
        .map(|(place, _)| place.clone());
    without_turn.chain(wrong).collect()
}

async fn judge(queue: &Queue, suspect: &Suspect, repair: bool) -> Result<Option<IdFault>, jobs::QueueError> {
    let fault = queue
        .check_id(suspect.pool, suspect.id, suspect.place.as_ref(), suspect.waits, repair)
        .await?;
    if repair
        && fault == Some(IdFault::Unreachable)
        && let Some(place) = &suspect.place
    {
        let again = Dispatch {
            id: suspect.id,
            tenant: place.tenant,
            pool: suspect.pool,
            priority: place.priority,
            kind: place.kind.clone(),
            knowledge_bases: place.knowledge_bases.clone(),
        };
        queue.try_push(&[again]).await?;
    }
    Ok(fault)
}

fn words(fault: IdFault) -> &'static str {
    match fault {
        IdFault::Orphan => "ids of jobs that are unknown or over",
        IdFault::Unreachable => "ids that no worker would pop",
        IdFault::Unlisted => "ids that could be offered twice",
    }
}

fn ring_words(fault: RingFault) -> &'static str {
    match fault {
        RingFault::QueueWithoutRing => "queues that get no turn",
        RingFault::RingWithoutQueue => "turns where nothing waits",
        RingFault::TooManyTurns => "turns taken more than once",
    }
}
