use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use std::borrow::Cow;

/// Prefers newer documents: a document's scores are multiplied by `1 - weight + weight * 2^(-age / half_life)`, so that one of today keeps
/// its score and a very old one keeps `1 - weight` of it. One without a date counts as very old; one of the future as of today.
#[derive(Clone, Debug, PartialEq)]
pub struct Recency {
    /// The member of the metadata, or the fact, that holds the date (RFC 3339, or a day as `2026-03-31`): named as in a filter.
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

fn date(value: &Value) -> Option<DateTime<Utc>> {
    let text = value.as_str()?;
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc())
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
