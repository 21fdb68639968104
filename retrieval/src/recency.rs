use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;
use std::borrow::Cow;

/// Prefers newer documents: a document's scores are multiplied by `1 - weight + weight * 2^(-age / half_life)`, so that one of today keeps
/// its score and a very old one keeps `1 - weight` of it. One without a date counts as very old; one of the future as of today.
#[derive(Clone, Debug, PartialEq)]
pub struct Recency {
    /// The member of the metadata, or the fact, that holds the date (RFC 3339, or a day as `2026-03-31`; without an offset in UTC): named as in a filter.
    pub field: String,
    /// In days, greater than 0.
    pub half_life_days: f64,
    /// 0 to 1.
    pub weight: f32,
    pub now: DateTime<Utc>,
}

impl Recency {
    /// What a score of a document is multiplied by, 0 to 1; `look` finds what the document has under a name.
    pub(crate) fn factor<'a>(&self, look: &dyn Fn(&str) -> Option<Cow<'a, Value>>) -> f32 {
        let weight = self.weight.clamp(0.0, 1.0);
        let share = match look(&self.field).as_deref().and_then(date) {
            Some(date) => {
                let age_days = ((self.now - date).num_seconds() as f64 / 86_400.0).max(0.0);
                (-age_days / self.half_life_days.max(f64::MIN_POSITIVE)).exp2() as f32
            }
            None => 0.0,
        };
        1.0 - weight + weight * share
    }
}

/// RFC 3339, and what pages and office files make of it: an offset without a colon (`+0000`) or none at all, then in UTC; a blank for the `T`; no seconds; no
/// time at all.
fn date(value: &Value) -> Option<DateTime<Utc>> {
    let text = value.as_str()?.trim();
    let (day, time) = match text.split_once(['T', 't', ' ']) {
        Some((day, time)) => (day, time.trim_start()),
        None => (text, "00:00"),
    };
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let both = format!("{day} {time}");
    let with_offset = ["%F %H:%M:%S%.f%#z", "%F %H:%M%#z"];
    let instant = with_offset
        .iter()
        .find_map(|form| DateTime::parse_from_str(&both, form).ok());
    if let Some(instant) = instant {
        return Some(instant.to_utc());
    }
    let without = ["%F %H:%M:%S%.f", "%F %H:%M"];
    let local = without
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&both, form).ok());
    local.map(|local| local.and_utc())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::filter::field;
    use serde_json::json;

    fn factor(metadata: Value) -> f32 {
        let recency = Recency {
            field: "published".to_owned(),
            half_life_days: 10.0,
            weight: 0.5,
            now: "2026-11-28T12:00:00Z".parse().unwrap(),
        };
        recency.factor(&|path| field(&metadata, path).map(Cow::Borrowed))
    }

    #[test]
    fn the_weighted_part_halves_with_each_half_life() {
        assert_eq!(factor(json!({"published": "2026-11-28T12:00:00Z"})), 1.0);
        assert_eq!(factor(json!({"published": "2026-11-18T13:00:00+01:00"})), 0.75);
        assert_eq!(factor(json!({"published": "2026-11-08T12:00:00Z"})), 0.625);
        assert!(factor(json!({"published": "2026-11-27"})) > 0.9);
    }

    #[test]
    fn a_date_is_read_however_pages_and_office_files_spell_it() {
        let noon = [
            "2026-11-28T12:00:00Z",
            "2026-11-28t12:00:00z",
            "2026-11-28T13:00:00.000+01:00",
            "2026-11-28T13:00:00+0100",
            "2026-11-28T12:00:00",
            "2026-11-28T12:00:00.123456",
            "2026-11-28T12:00",
            "2026-11-28T12:00+00:00",
            "2026-11-28 12:00:00",
            "2026-11-28 07:00:00 -0500",
            " 2026-11-28 12:00:00Z ",
        ];
        for spelt in noon {
            let read = date(&json!(spelt)).map(|date| date.timestamp());
            assert_eq!(read, Some(1_795_867_200), "{spelt}");
        }
        for none in [
            "",
            "T",
            "2026-11-28T",
            "2026-11-28T25:00:00",
            "28.11.2026",
            "2026-13-01",
        ] {
            assert_eq!(date(&json!(none)), None, "{none}");
        }
    }

    #[test]
    fn a_date_to_come_is_today_and_none_is_long_ago() {
        assert_eq!(factor(json!({"published": "2027-01-01T00:00:00Z"})), 1.0);
        for metadata in [
            json!({}),
            json!({"published": 2026}),
            json!({"published": "yesterday"}),
            json!(null),
        ] {
            assert_eq!(factor(metadata), 0.5);
        }
    }
}
