use super::cron;
use crate::FieldError;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use croner::Cron;

/// When a schedule fires: a cron expression in a time zone.
///
/// What happens where clocks are changed depends on the hour field. When it begins with `*`, the schedule is about time that passes: it
/// fires whenever the clock shows a match, in both of two hours that have one name, and not in an hour that is skipped. Else it is about
/// the time of day: a time that comes twice fires the first time, and times that are skipped fire once, at the first instant after.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
    by_the_hour: bool,
}

/// The search for a tick came to nothing.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the schedule has no further tick")]
pub struct NoTick;

impl Timetable {
    /// # Errors
    /// What is wrong with `cron` and `time_zone`, both at once.
    pub fn new(cron: &str, time_zone: &str) -> Result<Self, Vec<FieldError>> {
        let parsed = cron::parse(cron).map_err(|message| FieldError::new("cron", "invalid_cron", message));
        let zone = time_zone.parse::<Tz>().map_err(|_| {
            let message = "is no zone of the IANA database, such as UTC or Europe/Berlin";
            FieldError::new("time_zone", "unknown_time_zone", message)
        });
        match (parsed, zone) {
            (Ok(cron), Ok(zone)) => {
                let by_the_hour = cron.pattern.hours.from_wildcard;
                Ok(Self {
                    cron,
                    zone,
                    by_the_hour,
                })
            }
            (cron, zone) => Err([cron.err(), zone.err()].into_iter().flatten().collect()),
        }
    }

    /// The first tick after `after`.
    ///
    /// # Errors
    /// [`NoTick`]: there is none within thousands of years.
    pub fn next_after(&self, after: DateTime<Utc>) -> Result<DateTime<Utc>, NoTick> {
        let local = after.with_timezone(&self.zone);
        if self.by_the_hour {
            let next = self.cron.find_next_occurrence(&local, false).map_err(|_| NoTick)?;
            return Ok(next.with_timezone(&Utc));
        }
        let mut shown = local.naive_local();
        loop {
            shown = self.cron.find_next_occurrence(&shown, false).map_err(|_| NoTick)?;
            let tick = self.first_instant_of(shown).ok_or(NoTick)?;
            // Times that come again, or were skipped, are behind.
            if tick > after {
                return Ok(tick);
            }
        }
    }

    /// The next `count` ticks after `after`.
    ///
    /// # Errors
    /// [`NoTick`].
    pub fn ticks_after(&self, after: DateTime<Utc>, count: usize) -> Result<Vec<DateTime<Utc>>, NoTick> {
        let mut ticks = Vec::with_capacity(count);
        let mut last = after;
        for _ in 0..count {
            last = self.next_after(last)?;
            ticks.push(last);
        }
        Ok(ticks)
    }

    /// An instant before `now` with about `count` ticks between the two, for a schedule that ticks often. Where clocks are changed there
    /// may be fewer.
    pub(super) fn before(&self, now: DateTime<Utc>, count: usize) -> Result<DateTime<Utc>, NoTick> {
        let mut shown = now.with_timezone(&self.zone).naive_local();
        for _ in 0..count {
            shown = self.cron.find_previous_occurrence(&shown, false).map_err(|_| NoTick)?;
        }
        let tick = self.first_instant_of(shown).ok_or(NoTick)?;
        Ok(tick - TimeDelta::seconds(1))
    }

    /// The instant as the zone's clocks show it.
    #[must_use]
    pub fn local(&self, tick: DateTime<Utc>) -> DateTime<chrono::FixedOffset> {
        tick.with_timezone(&self.zone).fixed_offset()
    }

    /// When the clocks first show this, or would have, had they not been put forward over it.
    fn first_instant_of(&self, shown: NaiveDateTime) -> Option<DateTime<Utc>> {
        let instant = match self.zone.from_local_datetime(&shown) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant,
            LocalResult::None => GapInfo::new(&shown, &self.zone)?.end?,
        };
        Some(instant.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The ticks from `from` on, as `MM-DD HH:MM` in the zone with its offset in hours.
    fn ticks(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let timetable = Timetable::new(cron, zone).unwrap();
        let from: DateTime<Utc> = from.parse().unwrap();
        let ticks = timetable.ticks_after(from, count).unwrap();
        assert!(ticks.is_sorted_by(|a, b| a < b), "{cron} {zone}: {ticks:?}");
        ticks
            .into_iter()
            .map(|tick| timetable.local(tick).format("%m-%d %H:%M %:z").to_string())
            .collect()
    }

    #[test]
    fn a_time_of_day_that_is_skipped_fires_once_right_after() {
        // Berlin, 29 March 2026: 02:00 to 03:00 does not exist.
        let night = "2026-03-27T12:00:00Z";
        assert_eq!(
            ticks("30 2 * * *", "Europe/Berlin", night, 3),
            ["03-28 02:30 +01:00", "03-29 03:00 +02:00", "03-30 02:30 +02:00"]
        );
        assert_eq!(
            ticks("0,15,30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29 03:00 +02:00", "03-30 02:00 +02:00"],
            "three that are skipped are one"
        );
        assert_eq!(
            ticks("30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29 03:00 +02:00", "03-29 03:30 +02:00"]
        );
        assert_eq!(
            ticks("0 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["03-29 03:00 +02:00", "03-30 02:00 +02:00"],
            "one that is skipped and one that is then are one"
        );
        // New York, 8 March 2026; Lord Howe, 4 October 2026, skips half an hour; Samoa skipped 30 December 2011 altogether.
        assert_eq!(
            ticks("30 2 * * *", "America/New_York", "2026-03-08T05:00:00Z", 1),
            ["03-08 03:00 -04:00"]
        );
        assert_eq!(
            ticks("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", 1),
            ["10-04 02:30 +11:00"]
        );
        assert_eq!(
            ticks("0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", 2),
            ["12-31 00:00 +14:00", "12-31 12:00 +14:00"]
        );
    }

    #[test]
    fn a_time_of_day_that_comes_twice_fires_once() {
        // Berlin, 25 October 2026: 02:00 to 03:00 comes twice.
        for (cron, expected) in [
            ("30 2 * * *", ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]),
            ("0,30 2 * * *", ["10-25 02:00 +02:00", "10-25 02:30 +02:00"]),
            ("0 2,3 * * *", ["10-25 02:00 +02:00", "10-25 03:00 +01:00"]),
        ] {
            assert_eq!(
                ticks(cron, "Europe/Berlin", "2026-10-24T22:00:00Z", 2),
                expected,
                "{cron}"
            );
        }
        // Asked from within the second hour.
        assert_eq!(
            ticks("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
            ["10-26 02:30 +01:00"]
        );
        assert_eq!(
            ticks("30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", 2),
            ["11-01 01:30 -04:00", "11-02 01:30 -05:00"]
        );
    }

    #[test]
    fn what_is_about_time_that_passes_goes_on_evenly() {
        assert_eq!(
            ticks("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3),
            ["03-29 01:30 +01:00", "03-29 03:30 +02:00", "03-29 04:30 +02:00"]
        );
        assert_eq!(
            ticks("30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 3),
            ["10-25 02:30 +02:00", "10-25 02:30 +01:00", "10-25 03:30 +01:00"]
        );
        // Every quarter of an hour of the night, to the instant.
        for night in ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"] {
            let timetable = Timetable::new("*/15 * * * *", "Europe/Berlin").unwrap();
            let ticks = timetable.ticks_after(night.parse().unwrap(), 40).unwrap();
            assert!(
                ticks.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::minutes(15)),
                "{ticks:?}"
            );
        }
    }

    #[test]
    fn a_day_that_both_fields_name_fires_when_either_matches() {
        assert_eq!(
            ticks("0 0 13 * FRI", "UTC", "2026-02-01T00:00:00Z", 3),
            ["02-06 00:00 +00:00", "02-13 00:00 +00:00", "02-20 00:00 +00:00"]
        );
        assert_eq!(
            ticks("0 0 L * *", "UTC", "2028-02-01T00:00:00Z", 2),
            ["02-29 00:00 +00:00", "03-31 00:00 +00:00"]
        );
        assert_eq!(
            ticks("0 9 * * 5#L", "UTC", "2026-02-01T00:00:00Z", 2),
            ["02-27 09:00 +00:00", "03-27 09:00 +00:00"]
        );
    }

    #[test]
    fn fractions_of_a_second_do_not_repeat_a_tick() {
        let timetable = Timetable::new("0 12 * * *", "UTC").unwrap();
        let next = |after: &str| timetable.next_after(after.parse().unwrap()).unwrap().to_rfc3339();
        assert_eq!(next("2026-01-01T11:59:59.999Z"), "2026-01-01T12:00:00+00:00");
        assert_eq!(next("2026-01-01T12:00:00Z"), "2026-01-02T12:00:00+00:00");
        assert_eq!(next("2026-01-01T12:00:00.001Z"), "2026-01-02T12:00:00+00:00");
    }

    #[test]
    fn both_faults_are_found_and_zones_are_those_of_iana() {
        let errors = Timetable::new("nonsense", "Mars/Olympus").unwrap_err();
        let codes: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["invalid_cron", "unknown_time_zone"]);
        for zone in [
            "UTC",
            "Europe/Berlin",
            "Asia/Kathmandu",
            "America/Argentina/Buenos_Aires",
        ] {
            assert!(Timetable::new("@daily", zone).is_ok(), "{zone}");
        }
        for zone in [
            "",
            "+02:00",
            "europe/berlin",
            "Europe/Berlin ",
            "../etc/passwd",
            "UTC\0",
        ] {
            assert!(Timetable::new("@daily", zone).is_err(), "{zone:?}");
        }
    }
}
