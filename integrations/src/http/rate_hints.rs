use super::retry_after::retry_after;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::time::Duration;

/// Nobody's window is longer: what says more is read as this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Names of the calls that are left and of when they are counted anew, in pairs; the first pair that is there and readable counts. The
/// first is the draft that preceded `RateLimit` and is what Zendesk sends; then GitHub's and Atlassian's; Intercom's; OpenAI's; Anthropic's;
/// Linear's.
const PAIRS: [(&str, &str); 6] = [
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    (
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ),
    ("x-ratelimit-requests-remaining", "x-ratelimit-requests-reset"),
];

/// What an answer says about the limits on our calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateHints {
    /// How long it asked us to wait.
    pub retry_after: Option<Duration>,
    /// How many more calls it takes, and how long until it counts anew.
    pub remaining: Option<(u64, Duration)>,
}

impl RateHints {
    pub(super) fn of(headers: &HeaderMap, now: DateTime<Utc>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let pair = || {
            PAIRS
                .iter()
                .find_map(|(remaining, reset)| Some((count(text(remaining)?)?, until(text(reset)?, now)?)))
        };
        Self {
            retry_after: retry_after(headers, now),
            remaining: text("ratelimit").and_then(structured).or_else(pair),
        }
    }
}

/// `"default";r=50;t=30` (draft-ietf-httpapi-ratelimit-headers-10): of several limits the one that is nearest.
fn structured(value: &str) -> Option<(u64, Duration)> {
    let one = |item: &str| {
        let parameter = |name: &str| {
            let found = item.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
            found.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let remaining = count(parameter("r")?)?;
        let secs: u64 = parameter("t")?.parse().ok()?;
        Some((remaining, Duration::from_secs(secs).min(LONGEST)))
    };
    value.split(',').filter_map(one).min_by_key(|(remaining, _)| *remaining)
}

/// Some send fractions.
fn count(text: &str) -> Option<u64> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole.parse().ok()
}

/// Seconds from now; an instant in Unix seconds or milliseconds, or RFC 3339; or a duration such as `6m0s`, `1.5s` and `20ms`.
fn until(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let from_now = |at: DateTime<Utc>| (at - now).to_std().unwrap_or_default();
    let wait = if let Ok(number) = text.parse::<f64>() {
        match number {
            _ if number >= 1e12 => from_now(DateTime::from_timestamp_millis(number as i64)?),
            _ if number >= 1e9 => from_now(DateTime::from_timestamp(number as i64, 0)?),
            _ => Duration::try_from_secs_f64(number).ok()?,
        }
    } else if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        from_now(at.with_timezone(&Utc))
    } else {
        duration(text)?
    };
    Some(wait.min(LONGEST))
}

fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(letters)?;
        let secs = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number.parse::<f64>().ok()? * secs).ok()?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Option<(u64, f64)> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let remaining = RateHints::of(&headers, now).remaining;
        remaining.map(|(left, wait)| (left, wait.as_secs_f64()))
    }

    #[test]
    fn every_vendors_way_of_saying_it_is_read() {
        let pair = |name: &'static str, reset: &'static str, at: &str| read(&[(name, "7"), (reset, at)]);
        assert_eq!(pair("ratelimit-remaining", "ratelimit-reset", "30"), Some((7, 30.0)));
        let github = |at| pair("x-ratelimit-remaining", "x-ratelimit-reset", at);
        assert_eq!(github("1767225660"), Some((7, 60.0)));
        assert_eq!(github("1767225660000"), Some((7, 60.0)));
        assert_eq!(github("2026-01-01T00:00:05Z"), Some((7, 5.0)));
        let openai = |at| pair("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", at);
        assert_eq!(openai("6m0s"), Some((7, 360.0)));
        assert_eq!(openai("20ms"), Some((7, 0.02)));
        assert_eq!(openai("1h0m1.5s"), Some((7, 3601.5)));
        let anthropic = (
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        );
        assert_eq!(pair(anthropic.0, anthropic.1, "2026-01-01T00:01:00Z"), Some((7, 60.0)));
    }

    #[test]
    fn of_several_limits_the_nearest_counts() {
        assert_eq!(
            read(&[("ratelimit", "\"hour\";r=500;t=900, \"second\";r=2;t=1")]),
            Some((2, 1.0))
        );
        assert_eq!(read(&[("ratelimit", "\"x\";r=3")]), None, "it does not say when");
    }

    #[test]
    fn nonsense_says_nothing_and_what_is_past_is_now() {
        for bad in ["soon", "-5", "1x", "", "NaN", "1e400", "5m3"] {
            assert_eq!(
                read(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", bad)]),
                None,
                "{bad}"
            );
        }
        assert_eq!(
            read(&[("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "5")]),
            None
        );
        assert_eq!(
            read(&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1700000000")]),
            Some((1, 0.0))
        );
    }
}
