use crate::Problem;
use crate::extract::Fields;
use crate::work::{MAX_ATTEMPTS, Submittable, check_kind, payload_size_fault};
use chrono::{DateTime, TimeDelta, Utc};
use jobs::schedules::{Timetable, jitter};
use jobs::{CatalogueEntry, FieldError};
use serde_json::Value;
use store::ScheduleId;
use store::schedules::{CatchUp, NextTick, Overlap, Schedule};

/// Ticks that are looked at to tell how close to each other they come.
const LOOKED_AT: usize = 20;

/// All that can be set of a schedule, checked.
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) cron: String,
    pub(super) time_zone: String,
    pub(super) kind: String,
    /// Of the kind; `None`: it is off and stays so, and neither kind nor payload is changed. Both may be of what there is no more.
    pub(super) entry: Option<CatalogueEntry>,
    pub(super) payload: Value,
    pub(super) priority: Option<i16>,
    pub(super) max_attempts: Option<i16>,
    pub(super) jitter_secs: i32,
    pub(super) catch_up: CatchUp,
    pub(super) overlap: Overlap,
    pub(super) enabled: bool,
    timetable: Timetable,
}

impl Settings {
    /// Reads the fields of a new schedule, or those of a change to `current`.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub(super) fn read(
        mut fields: Fields,
        current: Option<&Schedule>,
        what: Submittable<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let read = Self::from_fields(&mut fields, current, what, now);
        fields.finish(read).map_err(Problem::invalid)
    }

    fn from_fields(
        fields: &mut Fields,
        current: Option<&Schedule>,
        what: Submittable<'_>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let given = Given::read(fields, current);
        given.checked(fields, current, what, now)
    }

    /// The first tick after `now`; `None` when it is disabled.
    ///
    /// # Errors
    /// That there is none.
    pub(super) fn next(&self, id: ScheduleId, now: DateTime<Utc>) -> Result<Option<NextTick>, Problem> {
        if !self.enabled {
            return Ok(None);
        }
        let never = |_| Problem::invalid(vec![never_fires()]);
        let tick = self.timetable.next_after(now).map_err(never)?;
        let due_at = tick + jitter(id, tick, self.jitter_secs);
        Ok(Some(NextTick { tick, due_at }))
    }

    /// Whether ticks come at other times than those of `before`.
    pub(super) fn has_other_ticks(&self, before: &Schedule) -> bool {
        self.cron != before.cron || self.time_zone != before.time_zone || self.jitter_secs != before.jitter_secs
    }
}

/// What the fields say, each for itself; or what stood there.
struct Given {
    name: Option<String>,
    cron: Option<String>,
    time_zone: Option<String>,
    kind: Option<String>,
    payload: Option<Value>,
    /// Kind or payload are given: what was found right before may not be so any more.
    is_other_work: bool,
    priority: Option<i16>,
    max_attempts: Option<i16>,
    jitter_secs: i32,
    catch_up: CatchUp,
    overlap: Overlap,
    enabled: bool,
}

impl Given {
    fn read(fields: &mut Fields, current: Option<&Schedule>) -> Self {
        let before = kept(fields, "name", current);
        let name = match before {
            None => fields.name("name", 1..=200),
            Some(before) => fields
                .optional_name("name", 1..=200)
                .or_else(|| Some(before.name.clone())),
        };
        let before = kept(fields, "cron", current);
        let cron = text(fields, "cron", 200, before.map(|before| &before.cron));
        let utc = "UTC".to_owned();
        let zone_before = kept(fields, "time_zone", current).map_or(&utc, |before| &before.time_zone);
        let time_zone = text(fields, "time_zone", 100, Some(zone_before));
        let is_other_work = ["kind", "payload"]
            .into_iter()
            .any(|name| !fields.is_absent(name) || fields.is_null(name));
        let before = kept(fields, "kind", current);
        let kind = text(fields, "kind", 100, before.map(|before| &before.kind));
        let before = kept(fields, "payload", current);
        let payload = fields.value("payload").or_else(|| Some(before?.payload.clone()));
        let before = kept(fields, "priority", current);
        let priority = small(fields.optional_integer("priority", 0..=2)).or_else(|| before?.priority);
        let before = kept(fields, "max_attempts", current);
        let max_attempts = small(fields.optional_integer("max_attempts", 1..=MAX_ATTEMPTS));
        let max_attempts = max_attempts.or_else(|| before?.max_attempts);
        let before = kept(fields, "jitter_secs", current);
        let jitter_secs = small(fields.optional_integer("jitter_secs", 0..=3600));
        let jitter_secs = jitter_secs.or_else(|| Some(before?.jitter_secs)).unwrap_or(0);
        let before = kept(fields, "catch_up", current);
        let catch_up = fields.optional_choice("catch_up", CatchUp::ALL);
        let catch_up = catch_up.or_else(|| Some(before?.catch_up)).unwrap_or(CatchUp::Last);
        let before = kept(fields, "overlap", current);
        let overlap = fields.optional_choice("overlap", Overlap::ALL);
        let overlap = overlap.or_else(|| Some(before?.overlap)).unwrap_or(Overlap::Skip);
        let before = kept(fields, "enabled", current);
        let enabled = fields.optional_bool("enabled");
        let enabled = enabled.or_else(|| Some(before?.enabled)).unwrap_or(true);
        Self {
            name,
            cron,
            time_zone,
            kind,
            payload,
            is_other_work,
            priority,
            max_attempts,
            jitter_secs,
            catch_up,
            overlap,
            enabled,
        }
    }

    /// Whether they go together, and whether there is such work and such a timetable.
    fn checked(
        self,
        fields: &mut Fields,
        current: Option<&Schedule>,
        what: Submittable<'_>,
        now: DateTime<Utc>,
    ) -> Option<Settings> {
        if self.catch_up == CatchUp::All && self.overlap == Overlap::Skip {
            let message = "must be allow when catch_up is all: the ticks would skip each other";
            fields.error("overlap", "conflict", message);
        }
        // A missing expression is noted already; the zone is looked at all the same.
        let timetable = Timetable::new(
            self.cron.as_deref().unwrap_or("@daily"),
            self.time_zone.as_deref().unwrap_or("UTC"),
        );
        let timetable = noted(fields, timetable);
        if let Some(error) = timetable
            .as_ref()
            .and_then(|timetable| spacing_error(timetable, self.jitter_secs, now))
        {
            fields.note([error]);
        }
        let (is_other_work, enabled, payload) = (self.is_other_work, self.enabled, self.payload);
        let (kind, entry, payload) = if is_other_work || enabled || current.is_none() {
            let Some(kind) = self.kind else {
                fields.note(payload.as_ref().and_then(payload_size_fault));
                return None;
            };
            let (entry, payload) = noted(fields, check_kind(what, &kind, payload))?;
            (entry.kind.to_owned(), Some(entry), payload)
        } else {
            (self.kind?, None, payload?)
        };
        Some(Settings {
            name: self.name?,
            cron: self.cron?,
            time_zone: self.time_zone?,
            kind,
            entry,
            payload,
            priority: self.priority,
            max_attempts: self.max_attempts,
            jitter_secs: self.jitter_secs,
            catch_up: self.catch_up,
            overlap: self.overlap,
            enabled,
            timetable: timetable?,
        })
    }
}

/// What stands where the field is not given. Nothing where it is `null`: it is then what it would be in a new schedule.
fn kept<'a>(fields: &Fields, name: &str, current: Option<&'a Schedule>) -> Option<&'a Schedule> {
    current.filter(|_| !fields.is_null(name))
}

/// A text that is required, unless there is one before.
fn text(fields: &mut Fields, name: &str, longest: usize, before: Option<&String>) -> Option<String> {
    match before {
        None => fields.text(name, 1..=longest),
        Some(before) => fields.optional_text(name, 1..=longest).or_else(|| Some(before.clone())),
    }
}

fn small<T: TryFrom<i64>>(number: Option<i64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}

fn noted<T>(fields: &mut Fields, checked: Result<T, Vec<FieldError>>) -> Option<T> {
    checked.map_err(|errors| fields.note(errors)).ok()
}

/// That a schedule never fires, or that its jitter would carry a tick past the next one.
fn spacing_error(timetable: &Timetable, jitter_secs: i32, now: DateTime<Utc>) -> Option<FieldError> {
    let Ok(ticks) = timetable.ticks_after(now, LOOKED_AT) else {
        return Some(never_fires());
    };
    let gaps = ticks.iter().zip(ticks.iter().skip(1)).map(|(tick, next)| *next - *tick);
    let shortest = gaps.min().unwrap_or(TimeDelta::MAX);
    (TimeDelta::seconds(i64::from(jitter_secs)) >= shortest).then(|| {
        let message = format!(
            "must be less than the time between two ticks, {} s",
            shortest.num_seconds()
        );
        FieldError::new("jitter_secs", "out_of_range", message)
    })
}

fn never_fires() -> FieldError {
    FieldError::new("cron", "invalid_cron", "never fires")
}
