use super::jitter::jitter;
use super::timetable::{NoTick, Timetable};
use chrono::{DateTime, TimeDelta, Utc};
use store::schedules::{CatchUp, Due, FiringOutcome};

/// Missed ticks that `catch_up: all` fires at most: the latest.
pub const MAX_CAUGHT_UP: usize = 100;

/// A tick that fires later than this is late: it was missed, and is fired only to catch up.
const GRACE: TimeDelta = TimeDelta::seconds(60);

/// What is to be done about the ticks that are due.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// From the first to the last tick that will not be fired, and how many were seen: at least so many there are.
    pub(super) missed: Option<Missed>,
    /// To be fired, in this order.
    pub(super) fire: Vec<(DateTime<Utc>, FiringOutcome)>,
    /// The first tick that is not due.
    pub(super) next_tick: DateTime<Utc>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
    pub(super) at_least: usize,
}

/// Decides by the database's `due.now`.
///
/// # Errors
/// [`NoTick`].
pub(super) fn plan(timetable: &Timetable, due: &Due) -> Result<Plan, NoTick> {
    let schedule = &due.schedule;
    let due_at = |tick| tick + jitter(schedule.id, tick, schedule.jitter_secs);
    let (ticks, next_tick) = due_ticks(timetable, due.tick, due.now, |tick| due_at(tick) <= due.now)?;
    let is_late = |tick: &DateTime<Utc>| due.now - due_at(*tick) > GRACE;
    let on_time_from = ticks.iter().position(|tick| !is_late(tick)).unwrap_or(ticks.len());
    let fire_from = match schedule.catch_up {
        CatchUp::None => on_time_from,
        CatchUp::Last => on_time_from.min(ticks.len().saturating_sub(1)),
        CatchUp::All => on_time_from.min(ticks.len().saturating_sub(MAX_CAUGHT_UP)),
    };
    let (missed, fire) = ticks.split_at_checked(fire_from).unwrap_or_default();
    let missed = missed.last().map(|last| Missed {
        first: due.tick,
        last: *last,
        at_least: missed.len(),
    });
    let fire = fire
        .iter()
        .map(|tick| {
            let outcome = if is_late(tick) {
                FiringOutcome::CaughtUp
            } else {
                FiringOutcome::Fired
            };
            (*tick, outcome)
        })
        .collect();
    Ok(Plan {
        missed,
        fire,
        next_tick,
    })
}

/// The ticks from `first` on that are due, oldest first, and the first one that is not. After a long time only the latest are looked at:
/// nobody counts the minutes of a year.
fn due_ticks(
    timetable: &Timetable,
    first: DateTime<Utc>,
    now: DateTime<Utc>,
    is_due: impl Fn(DateTime<Utc>) -> bool,
) -> Result<(Vec<DateTime<Utc>>, DateTime<Utc>), NoTick> {
    const ENOUGH: usize = 2 * MAX_CAUGHT_UP;
    let mut ticks = Vec::new();
    let mut tick = first;
    let mut skipped = false;
    while is_due(tick) {
        if ticks.len() == ENOUGH && !skipped {
            skipped = true;
            let recent = timetable.before(now, ENOUGH)?;
            if recent > tick {
                ticks.clear();
                tick = timetable.next_after(recent)?;
                continue;
            }
        }
        ticks.push(tick);
        tick = timetable.next_after(tick)?;
    }
    Ok((ticks, tick))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use FiringOutcome::{CaughtUp, Fired};
    use store::schedules::{Overlap, Schedule};
    use store::{ApiKeyId, ScheduleId};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn planned(cron: &str, catch_up: CatchUp, jitter_secs: i32, tick: &str, now: &str) -> Plan {
        let schedule = Schedule {
            id: ScheduleId(uuid::Uuid::from_u128(7)),
            name: "nightly".to_owned(),
            cron: cron.to_owned(),
            time_zone: "UTC".to_owned(),
            kind: "diagnostics.noop".to_owned(),
            payload: serde_json::json!({}),
            priority: None,
            max_attempts: None,
            jitter_secs,
            catch_up,
            overlap: Overlap::Allow,
            enabled: true,
            next_tick: Some(at(tick)),
            due_at: Some(at(tick)),
            refusal: None,
            refused_since: None,
            created_by: ApiKeyId(uuid::Uuid::nil()),
            created_at: at(tick),
            updated_at: at(tick),
        };
        let due = Due {
            tick: at(tick),
            due_at: at(tick),
            now: at(now),
            schedule,
        };
        plan(&Timetable::new(cron, "UTC").unwrap(), &due).unwrap()
    }

    #[test]
    fn a_tick_that_is_due_fires_and_the_next_one_is_set() {
        let plan = planned(
            "0 * * * *",
            CatchUp::None,
            0,
            "2026-01-01T10:00:00Z",
            "2026-01-01T10:00:01Z",
        );
        assert_eq!(plan.fire, [(at("2026-01-01T10:00:00Z"), Fired)]);
        assert_eq!((plan.missed, plan.next_tick), (None, at("2026-01-01T11:00:00Z")));
    }

    #[test]
    fn nothing_is_due_before_its_jitter_has_passed() {
        let tick = "2026-01-01T10:00:00Z";
        let late_by = jitter(ScheduleId(uuid::Uuid::from_u128(7)), at(tick), 600);
        assert!(late_by > TimeDelta::seconds(1), "this test needs another id");
        let plan = planned("0 * * * *", CatchUp::All, 600, tick, tick);
        assert_eq!((plan.fire.len(), plan.next_tick), (0, at(tick)));
        let now = at(tick) + late_by;
        let plan = planned("0 * * * *", CatchUp::All, 600, tick, &now.to_rfc3339());
        assert_eq!(plan.fire, [(at(tick), Fired)], "the delay is no lateness");
    }

    #[test]
    fn after_downtime_the_policy_decides() {
        let down = |catch_up| planned("0 * * * *", catch_up, 0, "2026-01-01T10:00:00Z", "2026-01-01T13:30:00Z");
        let missed = |last: &str, at_least| {
            Some(Missed {
                first: at("2026-01-01T10:00:00Z"),
                last: at(last),
                at_least,
            })
        };
        let none = down(CatchUp::None);
        assert_eq!((none.fire.len(), none.missed), (0, missed("2026-01-01T13:00:00Z", 4)));
        let last = down(CatchUp::Last);
        assert_eq!(last.fire, [(at("2026-01-01T13:00:00Z"), CaughtUp)]);
        assert_eq!(last.missed, missed("2026-01-01T12:00:00Z", 3));
        let all = down(CatchUp::All);
        assert_eq!(all.fire.iter().filter(|(_, outcome)| *outcome == CaughtUp).count(), 4);
        assert_eq!((all.missed, all.next_tick), (None, at("2026-01-01T14:00:00Z")));
    }

    #[test]
    fn the_tick_of_this_minute_is_on_time_whatever_was_missed_before() {
        for (catch_up, expected) in [
            (CatchUp::None, vec![Fired]),
            (CatchUp::Last, vec![Fired]),
            (CatchUp::All, vec![CaughtUp, CaughtUp, Fired]),
        ] {
            let plan = planned("0 * * * *", catch_up, 0, "2026-01-01T10:00:00Z", "2026-01-01T12:00:20Z");
            let outcomes: Vec<FiringOutcome> = plan.fire.iter().map(|(_, outcome)| *outcome).collect();
            assert_eq!(outcomes, expected, "{catch_up:?}");
        }
    }

    #[test]
    fn a_year_of_minutes_costs_no_more_than_a_day_of_them() {
        for (from, now) in [
            ("2025-01-01T00:00:00Z", "2026-01-01T00:00:30Z"),
            ("2025-12-31T00:00:00Z", "2026-01-01T00:00:30Z"),
        ] {
            let plan = planned("* * * * *", CatchUp::All, 0, from, now);
            assert_eq!(plan.fire.len(), MAX_CAUGHT_UP);
            assert_eq!(plan.fire[0].0, at("2025-12-31T22:21:00Z"));
            assert_eq!(plan.fire[MAX_CAUGHT_UP - 1], (at("2026-01-01T00:00:00Z"), Fired));
            let missed = plan.missed.unwrap();
            assert_eq!((missed.first, missed.last), (at(from), at("2025-12-31T22:20:00Z")));
            assert_eq!(plan.next_tick, at("2026-01-01T00:01:00Z"));
        }
    }
}
