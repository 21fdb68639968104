use super::why_snoozed::{in_slot, snoozed};
use super::why_turn::turn;
use chrono::{DateTime, Utc};
use jobs::{Position, Reached, ReachedOf, Standing};
use serde::Serialize;
use store::jobs::{JobState, Why};
use utoipa::ToSchema;

/// Why a job does not run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Why)]
pub(crate) struct WhyObject {
    #[schema(value_type = String, example = "queued")]
    pub(crate) state: JobState,
    /// What holds it back, the decisive thing first; empty when it runs and waits for nothing, or has ended.
    pub(crate) blocked_by: Vec<Blocker>,
    /// `true`: its worker was told to stop, and it runs until that has. Else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cancel_requested: bool,
}

/// One thing that holds a job back.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Blocker {
    #[schema(example = "no_worker")]
    pub(crate) reason: Reason,
    /// `waiting`: as it should be. `starved`: others have what it needs. `stuck`: nothing will change until somebody acts.
    pub(crate) class: Class,
    /// For people.
    pub(crate) detail: String,
    pub(crate) since: DateTime<Utc>,
}

/// What can hold a job back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Its `run_at` has not come.
    Scheduled,
    /// Its batch has not ended.
    Dependency,
    /// Its last attempt failed, and the next is not due yet.
    RetryBackoff,
    /// The calls it makes are limited: their rate, their number at once, by what the other side asked for, or since that fails.
    RateLimit,
    /// The money for the calls it makes is spent for today.
    Budget,
    /// Its worker lacks a setting; an operator has to act.
    NotConfigured,
    /// The worker that took it is older than what made it: a release has to be rolled out to the end.
    UnknownKind,
    Paused,
    /// No worker of its pool is alive.
    NoWorker,
    /// As many jobs of its tenant or kind run as may.
    ConcurrencyCap,
    /// Other jobs are before it: its tenant's own, or other tenants' in turn.
    TenantShare,
    /// It is on its way to a worker.
    Dispatching,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    Waiting,
    Starved,
    Stuck,
}

impl WhyObject {
    /// `standing`: `None` where the dispatch index cannot be asked; `reached`: the limit that keeps the job from running.
    pub(crate) fn of(why: &Why, standing: Option<Standing>, reached: Option<&Reached>) -> Self {
        let blocked_by = match why.state {
            JobState::Running => in_slot(why).into_iter().collect(),
            JobState::Succeeded | JobState::Dead | JobState::Cancelled => Vec::new(),
            JobState::Scheduled | JobState::Queued | JobState::Retryable => blockers(why, standing, reached),
        };
        Self {
            state: why.state,
            blocked_by,
            cancel_requested: why.cancel_requested && why.state == JobState::Running,
        }
    }
}

impl WhyObject {
    /// For visitors of a web page: no word of anybody's reasons, of others' jobs or of what there is to run them.
    pub(crate) fn for_visitors(mut self) -> Self {
        for blocker in &mut self.blocked_by {
            blocker.detail = blocker.reason.in_general().to_owned();
        }
        self
    }
}

impl Reason {
    fn in_general(self) -> &'static str {
        match self {
            Self::Scheduled => "Its time has not come.",
            Self::Dependency => "Others have to end before it.",
            Self::RetryBackoff => "It failed, and is tried again.",
            Self::RateLimit | Self::Budget => "The calls that it makes are limited.",
            Self::NotConfigured | Self::UnknownKind | Self::NoWorker => "It cannot be worked on at the moment.",
            Self::Paused => "It is held back.",
            Self::ConcurrencyCap | Self::TenantShare => "Others are before it.",
            Self::Dispatching => "It is about to start.",
        }
    }
}

/// A job that is not due waits for its time and nothing else; a pause holds back whatever else is true. So there is one blocker, but that a
/// pause or a pool without workers also shows before the time has come.
fn blockers(why: &Why, standing: Option<Standing>, reached: Option<&Reached>) -> Vec<Blocker> {
    let mut found = Vec::new();
    found.extend(dependency(why));
    found.extend(time(why));
    found.extend(pause(why));
    found.extend(workers(why));
    if found.is_empty() {
        found.push(match (standing.map(|standing| standing.position), reached) {
            (Some(Position::Queued { .. }), Some(reached)) => limit(why, reached),
            _ => turn(why, standing),
        });
    }
    found
}

/// Nobody but a client can close a batch that is open.
fn dependency(why: &Why) -> Option<Blocker> {
    let (open, total, pending) = (why.awaited.open?, why.awaited.total?, why.awaited.pending?);
    let (class, detail) = match (pending, open) {
        (0, true) => (
            Class::Stuck,
            format!("All {total} jobs of its batch have ended, and the batch has not been closed."),
        ),
        (0, false) => (
            Class::Waiting,
            format!("All {total} jobs of its batch have ended; it is due within a second."),
        ),
        _ => (
            Class::Waiting,
            format!("{pending} of the {total} jobs of its batch have not ended."),
        ),
    };
    Some(Blocker {
        reason: Reason::Dependency,
        class,
        detail,
        since: why.created_at,
    })
}

fn time(why: &Why) -> Option<Blocker> {
    if why.run_at <= why.now {
        return None;
    }
    let at = why.run_at.format("%Y-%m-%d %H:%M:%S UTC");
    if let (JobState::Scheduled, Some(snooze)) = (why.state, &why.snooze) {
        return Some(snoozed(why, snooze));
    }
    if why.state != JobState::Retryable {
        return Some(Blocker {
            reason: Reason::Scheduled,
            class: Class::Waiting,
            detail: format!("It is due at {at}."),
            since: why.created_at,
        });
    }
    let said = |field: &str| why.last_error.as_ref().and_then(|error| error.get(field)?.as_str());
    let failed = said("code").unwrap_or("an error");
    let step = said("step").map(|step| format!(" in step {step}")).unwrap_or_default();
    Some(Blocker {
        reason: Reason::RetryBackoff,
        class: Class::Waiting,
        detail: format!(
            "Attempt {} failed{step} ({failed}); the next is due at {at}.",
            why.attempt
        ),
        since: why.last_ended_at.unwrap_or(why.created_at),
    })
}

fn pause(why: &Why) -> Option<Blocker> {
    if !why.paused {
        return None;
    }
    let what = why.paused_what.as_deref().unwrap_or("it is paused");
    let reason = why.paused_reason.as_deref().filter(|reason| !reason.is_empty());
    Some(Blocker {
        reason: Reason::Paused,
        class: Class::Waiting,
        detail: match reason {
            Some(reason) => format!("Held back: {what} ({reason})."),
            None => format!("Held back: {what}."),
        },
        since: why.paused_since.unwrap_or(why.created_at),
    })
}

fn workers(why: &Why) -> Option<Blocker> {
    if why.live_workers > 0 {
        return None;
    }
    let pool = &why.pool;
    let detail = match why.worker_seen_at {
        Some(at) => format!(
            "No worker of the pool {pool} is alive; the last was seen at {}.",
            at.format("%Y-%m-%d %H:%M:%S UTC")
        ),
        None => format!("No worker of the pool {pool} is alive, and none has been."),
    };
    Some(Blocker {
        reason: Reason::NoWorker,
        class: Class::Stuck,
        detail,
        since: why.worker_seen_at.unwrap_or(why.created_at).max(due_since(why)),
    })
}

fn limit(why: &Why, reached: &Reached) -> Blocker {
    let (most, pool, kind) = (reached.at_once, &why.pool, &why.kind);
    let detail = match reached.of {
        ReachedOf::Tenant => {
            format!("At most {most} jobs of this tenant run at once in the pool {pool}, and as many do.")
        }
        ReachedOf::KindOfTenant => {
            format!("At most {most} of this tenant's jobs of the kind {kind} run at once, and as many do.")
        }
        ReachedOf::Kind => {
            format!("At most {most} jobs of the kind {kind} run at once, of all tenants together, and as many do.")
        }
    };
    Blocker {
        reason: Reason::ConcurrencyCap,
        class: Class::Waiting,
        detail,
        since: due_since(why),
    }
}

/// Since when it could have run, but for pauses.
pub(super) fn due_since(why: &Why) -> DateTime<Utc> {
    why.run_at.max(why.last_ended_at.unwrap_or(why.created_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use serde_json::json;
    use std::time::Duration;
    use store::jobs::Awaited;

    fn at(second: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_000_000 + second, 0).single().unwrap_or_default()
    }

    /// Queued for a second, with a worker that has a free slot.
    fn queued() -> Why {
        Why {
            knowledge_base_ids: Vec::new(),
            state: JobState::Queued,
            pool: "general".to_owned(),
            kind: "diagnostics.noop".to_owned(),
            priority: 1,
            run_at: at(0),
            created_at: at(0),
            now: at(1),
            attempt: 0,
            attempt_started_at: None,
            last_ended_at: None,
            last_error: None,
            snooze: None,
            paused: false,
            put_aside: false,
            paused_what: None,
            paused_reason: None,
            paused_since: None,
            awaited: Awaited::default(),
            live_workers: 1,
            slots: 4,
            reserved: 0,
            running: 3,
            tenant_runs: false,
            cancel_requested: false,
            worker_seen_at: Some(at(1)),
        }
    }

    /// As long after it was due as no job of the pool was taken.
    fn of(why: &Why, position: Option<Position>) -> Vec<(Reason, Class)> {
        of_moving(why, position, (why.now - why.run_at).to_std().unwrap_or_default())
    }

    fn of_moving(why: &Why, position: Option<Position>, ago: Duration) -> Vec<(Reason, Class)> {
        let standing = position.map(|position| Standing {
            position,
            last_taken: Some(ago),
        });
        let found = WhyObject::of(why, standing, None).blocked_by;
        found
            .into_iter()
            .map(|blocker| (blocker.reason, blocker.class))
            .collect()
    }

    #[test]
    fn starved_and_stuck_are_told_apart() {
        let mut why = queued();
        let next = Some(Position::Queued { ahead: 0, tenants: 1 });
        assert_eq!(of(&why, next), [(Reason::Dispatching, Class::Waiting)]);
        why.now = at(60);
        assert_eq!(of(&why, next), [(Reason::Dispatching, Class::Stuck)]);
        why.running = 4;
        assert_eq!(of(&why, next), [(Reason::TenantShare, Class::Starved)]);
        assert_eq!(of(&why, None), [(Reason::Dispatching, Class::Stuck)]);
        why.live_workers = 0;
        assert_eq!(of(&why, next), [(Reason::NoWorker, Class::Stuck)]);
    }

    #[test]
    fn what_others_go_before_is_starved_and_not_stuck() {
        let why = Why {
            now: at(60),
            ..queued()
        };
        let next = Some(Position::Queued { ahead: 0, tenants: 1 });
        let lately = Duration::from_secs(1);
        assert_eq!(of_moving(&why, next, lately), [(Reason::TenantShare, Class::Starved)]);
        let absent = Some(Position::Absent);
        assert_eq!(of_moving(&why, absent, lately), [(Reason::Dispatching, Class::Waiting)]);
        assert_eq!(of(&why, absent), [(Reason::Dispatching, Class::Stuck)]);
    }

    #[test]
    fn what_was_just_taken_or_let_go_is_not_stuck_however_long_it_has_waited() {
        let mut why = Why {
            now: at(60),
            ..queued()
        };
        let popped = |secs| {
            Some(Position::Popped {
                ago: Duration::from_secs(secs),
            })
        };
        assert_eq!(of(&why, popped(1)), [(Reason::Dispatching, Class::Waiting)]);
        assert_eq!(of(&why, popped(20)), [(Reason::Dispatching, Class::Stuck)]);
        why.put_aside = true;
        assert_eq!(
            of(&why, Some(Position::Absent)),
            [(Reason::Dispatching, Class::Waiting)]
        );
    }

    #[test]
    fn slots_that_are_kept_for_others_are_not_free() {
        let next = Some(Position::Queued { ahead: 0, tenants: 1 });
        let mut why = Why {
            reserved: 1,
            now: at(60),
            ..queued()
        };
        assert_eq!(of(&why, next), [(Reason::Dispatching, Class::Stuck)]);
        why.tenant_runs = true;
        assert_eq!(of(&why, next), [(Reason::TenantShare, Class::Starved)]);
    }

    #[test]
    fn an_open_batch_in_which_nothing_pends_is_stuck() {
        let awaiting = |open, pending| Why {
            state: JobState::Scheduled,
            awaited: Awaited {
                open: Some(open),
                total: Some(3),
                pending: Some(pending),
            },
            ..queued()
        };
        assert_eq!(of(&awaiting(false, 1), None), [(Reason::Dependency, Class::Waiting)]);
        assert_eq!(of(&awaiting(true, 0), None), [(Reason::Dependency, Class::Stuck)]);
        assert_eq!(of(&awaiting(false, 0), None), [(Reason::Dependency, Class::Waiting)]);
    }

    #[test]
    fn a_job_that_waits_in_its_slot_says_so_until_that_is_over() {
        let waits = |since: i64, until: i64| Why {
            state: JobState::Running,
            attempt_started_at: Some(at(10)),
            now: at(20),
            snooze: Some(
                json!({"in_slot": {"reason": "rate_limit", "limit": "vendor", "credential": "web:example.com", "since": at(since), "until": at(until)}}),
            ),
            ..queued()
        };
        assert_eq!(of(&waits(15, 30), None), [(Reason::RateLimit, Class::Waiting)]);
        assert_eq!(of(&waits(15, 20), None), [], "it is over");
        assert_eq!(of(&waits(5, 30), None), [], "an earlier attempt waited");
    }

    #[test]
    fn nothing_holds_back_what_runs_or_has_ended() {
        for state in [
            JobState::Running,
            JobState::Succeeded,
            JobState::Dead,
            JobState::Cancelled,
        ] {
            assert_eq!(of(&Why { state, ..queued() }, None), []);
        }
    }
}
