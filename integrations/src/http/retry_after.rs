use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// A vendor that asks for more is asked again after a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// `Retry-After` as seconds or as a date (RFC 9110, 10.2.3); `None` where it is absent or unreadable.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?.signed_duration_since(now);
    Some(until.to_std().unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers, "1994-11-06T08:49:00Z".parse().unwrap())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(37)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_none_and_too_long_is_cut() {
        assert_eq!(read("soon"), None);
        assert_eq!(read("-3"), None);
        assert_eq!(read(""), None);
        assert_eq!(read("99999999999999999999999999"), Some(LONGEST));
    }
}
