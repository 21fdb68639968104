use super::Versioned;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::schedules::{CatchUp, Firing, FiringOutcome, Overlap, Schedule};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is submitted again and again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct ScheduleObject {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    #[schema(example = "30 2 * * MON-FRI")]
    pub(crate) cron: String,
    #[schema(example = "Europe/Berlin")]
    pub(crate) time_zone: String,
    #[schema(example = "diagnostics.noop")]
    pub(crate) kind: String,
    #[schema(value_type = Object)]
    pub(crate) payload: Value,
    /// Null: 1.
    #[schema(required = true)]
    pub(crate) priority: Option<i16>,
    /// Null: the kind's own number.
    #[schema(required = true)]
    pub(crate) max_attempts: Option<i16>,
    pub(crate) jitter_secs: i32,
    /// `none`, `last` or `all`.
    #[schema(value_type = String)]
    pub(crate) catch_up: CatchUp,
    /// `skip` or `allow`.
    #[schema(value_type = String)]
    pub(crate) overlap: Overlap,
    pub(crate) enabled: bool,
    /// The next tick; null while it is disabled.
    #[schema(required = true)]
    pub(crate) next_tick: Option<DateTime<Utc>>,
    /// When that tick fires: jitter later.
    #[schema(required = true)]
    pub(crate) next_fire_at: Option<DateTime<Utc>>,
    /// Why it cannot fire as it is; it is disabled when that lasts for ten minutes, and shows why.
    #[schema(required = true)]
    pub(crate) refusal: Option<Refusal>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Versioned for ScheduleObject {
    const MOVES_BY_ITSELF: &'static [&'static str] = &["next_tick", "next_fire_at", "refusal"];
}

/// Why a schedule cannot fire.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) since: DateTime<Utc>,
}

/// A schedule, and what became of its latest ticks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleDetails {
    #[serde(flatten)]
    pub(crate) schedule: ScheduleObject,
    /// The latest that made a job.
    #[schema(required = true)]
    pub(crate) last_fired: Option<FiringObject>,
    /// The ten latest, newest first, those that made no job included.
    pub(crate) firings: Vec<FiringObject>,
}

/// What became of a tick, or of several that were missed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Firing)]
pub(crate) struct FiringObject {
    pub(crate) tick: DateTime<Utc>,
    /// `fired`, `caught_up` (late, by the policy), `manual`, `skipped_overlap` or `missed`.
    #[schema(value_type = String)]
    pub(crate) outcome: FiringOutcome,
    /// The job it made.
    #[schema(required = true)]
    pub(crate) job_id: Option<Uuid>,
    /// Of `skipped_overlap`: the job that had not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blocked_by: Option<Uuid>,
    /// Of `missed`: the last of the ticks that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_tick: Option<DateTime<Utc>>,
    pub(crate) decided_at: DateTime<Utc>,
}

impl From<Schedule> for ScheduleObject {
    fn from(schedule: Schedule) -> Self {
        let refusal = schedule.refusal.zip(schedule.refused_since);
        Self {
            id: schedule.id.0,
            name: schedule.name,
            cron: schedule.cron,
            time_zone: schedule.time_zone,
            kind: schedule.kind,
            payload: schedule.payload,
            priority: schedule.priority,
            max_attempts: schedule.max_attempts,
            jitter_secs: schedule.jitter_secs,
            catch_up: schedule.catch_up,
            overlap: schedule.overlap,
            enabled: schedule.enabled,
            next_tick: schedule.next_tick,
            next_fire_at: schedule.due_at,
            refusal: refusal.map(|(reason, since)| Refusal { reason, since }),
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        }
    }
}

impl From<Firing> for FiringObject {
    fn from(firing: Firing) -> Self {
        Self {
            tick: firing.tick,
            outcome: firing.outcome,
            job_id: firing.job_id.map(|id| id.0),
            blocked_by: firing.blocked_by.map(|id| id.0),
            last_tick: firing.last_tick,
            decided_at: firing.decided_at,
        }
    }
}
