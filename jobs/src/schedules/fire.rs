use super::jitter::jitter;
use super::plan::{Missed, plan};
use super::timetable::Timetable;
use crate::{Catalogue, CatalogueEntry, Dispatch, EnqueueOptions, Enqueued, FieldError, enqueue_raw};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use store::jobs::ScheduledBy;
use store::schedules::{self, Decision, Due, FiringOutcome, Overlap, Schedule};
use store::{JobId, ScheduleId, StoreError, TenantTx};

/// A schedule that cannot fire is disabled after this: a process of another version, which knows its kind, has had its chance by then.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// What one look at a due schedule came to.
#[derive(Debug, Default)]
pub struct Look {
    /// To be pushed after commit.
    pub dispatches: Vec<Dispatch>,
    /// How many ticks came to what. Of missed ones, as many as were looked at.
    pub decided: Vec<(FiringOutcome, usize)>,
    /// How much later than due the ticks that fired in time did.
    pub lateness: Vec<TimeDelta>,
    /// Why it cannot fire, and whether it is disabled for that.
    pub refusal: Option<(String, bool)>,
}

/// Decides about the ticks of a schedule that are due: one row in the ledger of firings for each, and the jobs of those that fire, when `tx`
/// commits, or nothing. `None`: it is not due any more, or another process is at it.
///
/// The lock keeps two processes from doing the same work; that a tick fires once is said by the ledger's key.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn fire_due(tx: &mut TenantTx, id: ScheduleId, catalogue: &Catalogue) -> Result<Option<Look>, StoreError> {
    let Some(due) = schedules::lock_due(tx, id).await? else {
        return Ok(None);
    };
    let mut look = Look::default();
    if let Err(refusal) = decide(tx, &due, catalogue, &mut look).await? {
        let disable = refuse(tx, &due, &refusal).await?;
        look.refusal = Some((refusal, disable));
    }
    Ok(Some(look))
}

/// Shows why the schedule cannot fire, and disables it when that has lasted. Returns whether it did.
async fn refuse(tx: &mut TenantTx, due: &Due, refusal: &str) -> Result<bool, StoreError> {
    let schedule = &due.schedule;
    let disable = schedule.refused_since.is_some_and(|since| due.now - since > PATIENCE);
    if disable || schedule.refusal.as_deref() != Some(refusal) {
        schedules::set_refusal(tx, schedule.id, refusal, disable).await?;
    }
    Ok(disable)
}

/// The inner error is why the schedule cannot fire; nothing has been written then.
async fn decide(
    tx: &mut TenantTx,
    due: &Due,
    catalogue: &Catalogue,
    look: &mut Look,
) -> Result<Result<(), String>, StoreError> {
    let schedule = &due.schedule;
    let work = match Work::of(schedule, catalogue) {
        Ok(work) => work,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(missing) = work.entry.missing(tx, &work.payload).await? {
        return Ok(Err(listed(&[missing])));
    }
    let planned = Timetable::new(&schedule.cron, &schedule.time_zone)
        .map_err(|errors| listed(&errors))
        .and_then(|timetable| plan(&timetable, due).map_err(|error| error.to_string()));
    let plan = match planned {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(Missed { first, last, at_least }) = plan.missed
        && schedules::record(tx, schedule.id, first, Decision::Miss { last_tick: last }).await?
    {
        look.decided.push((FiringOutcome::Missed, at_least));
    }
    for (tick, outcome) in plan.fire {
        let fired = fire(tx, schedule, &work, tick, outcome, look).await?;
        if fired && outcome == FiringOutcome::Fired {
            look.lateness.push(due.now - due_at(schedule, tick));
        }
    }
    schedules::set_next_tick(tx, schedule.id, plan.next_tick, due_at(schedule, plan.next_tick)).await?;
    schedules::trim_firings(tx, schedule.id).await?;
    Ok(Ok(()))
}

/// Returns whether the tick has made a job.
async fn fire(
    tx: &mut TenantTx,
    schedule: &Schedule,
    work: &Work,
    tick: DateTime<Utc>,
    outcome: FiringOutcome,
    look: &mut Look,
) -> Result<bool, StoreError> {
    if let Some(blocked_by) = blocker(tx, schedule).await? {
        if schedules::record(tx, schedule.id, tick, Decision::Skip { blocked_by }).await? {
            look.decided.push((FiringOutcome::SkippedOverlap, 1));
        }
        return Ok(false);
    }
    let job = JobId::generate();
    if !schedules::record(tx, schedule.id, tick, Decision::Fire { outcome, job }).await? {
        return Ok(false);
    }
    let options = EnqueueOptions {
        id: Some(job),
        created_by: Some(schedule.created_by),
        ..EnqueueOptions::default()
    };
    let enqueued = work.enqueue(tx, schedule, tick, options).await?;
    look.dispatches.extend(enqueued.dispatch);
    look.decided.push((outcome, 1));
    Ok(true)
}

/// Why a schedule was not fired by hand.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    #[error("{0}")]
    Refused(String),
    #[error("job {0} of this schedule has not ended")]
    Overlap(JobId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Fires `schedule`, which the caller holds by [`schedules::lock`], at this moment, also when it is disabled. Its ticks stay as they are.
///
/// # Errors
/// [`FireError::Overlap`] when its policy is to skip and an earlier job has not ended.
pub async fn fire_now(
    tx: &mut TenantTx,
    schedule: &Schedule,
    catalogue: &Catalogue,
    options: EnqueueOptions,
) -> Result<Enqueued, FireError> {
    let work = Work::of(schedule, catalogue).map_err(FireError::Refused)?;
    if let Some(missing) = work.entry.missing(tx, &work.payload).await? {
        return Err(FireError::Refused(listed(&[missing])));
    }
    if let Some(blocked_by) = blocker(tx, schedule).await? {
        return Err(FireError::Overlap(blocked_by));
    }
    let tick = schedules::now(tx).await?;
    let enqueued = work.enqueue(tx, schedule, tick, options).await?;
    let outcome = FiringOutcome::Manual;
    let job = enqueued.id;
    schedules::record(tx, schedule.id, tick, Decision::Fire { outcome, job }).await?;
    schedules::trim_firings(tx, schedule.id).await?;
    Ok(enqueued)
}

async fn blocker(tx: &mut TenantTx, schedule: &Schedule) -> Result<Option<JobId>, StoreError> {
    match schedule.overlap {
        Overlap::Allow => Ok(None),
        Overlap::Skip => schedules::unended_job(tx, schedule.id).await,
    }
}

fn due_at(schedule: &Schedule, tick: DateTime<Utc>) -> DateTime<Utc> {
    tick + jitter(schedule.id, tick, schedule.jitter_secs)
}

/// What a schedule submits, checked anew as `POST /v1/jobs` would.
struct Work {
    entry: CatalogueEntry,
    payload: Value,
}

impl Work {
    fn of(schedule: &Schedule, catalogue: &Catalogue) -> Result<Self, String> {
        let Ok(entry) = catalogue.find(&schedule.kind) else {
            return Err(format!("`{}` is no kind of job that clients can submit", schedule.kind));
        };
        let payload = entry
            .check(schedule.payload.clone())
            .map_err(|errors| listed(&errors))?;
        Ok(Self { entry: *entry, payload })
    }

    async fn enqueue(
        &self,
        tx: &mut TenantTx,
        schedule: &Schedule,
        tick: DateTime<Utc>,
        options: EnqueueOptions,
    ) -> Result<Enqueued, StoreError> {
        let options = EnqueueOptions {
            priority: schedule.priority,
            max_attempts: schedule.max_attempts,
            schedule: Some(ScheduledBy {
                schedule: schedule.id,
                tick,
            }),
            ..options
        };
        let Self { entry, payload } = self;
        let (version, attempts) = (entry.payload_version, entry.max_attempts);
        enqueue_raw(tx, entry.kind, entry.pool, version, attempts, payload.clone(), options).await
    }
}

fn listed(errors: &[FieldError]) -> String {
    let listed: Vec<String> = errors
        .iter()
        .map(|error| format!("`{}` {}", error.field, error.message))
        .collect();
    listed.join("; ")
}
