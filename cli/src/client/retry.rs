//! When a call is made again, and after how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How long one call may be repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// While the server answers that it is busy (429, 502, 503, 504).
    pub(crate) busy: Duration,
    /// While nothing answers. Zero says at once that nothing is there.
    pub(crate) unreachable: Duration,
}

impl Patience {
    /// For a person who waits.
    pub(crate) const INTERACTIVE: Self = Self {
        busy: Duration::from_secs(30),
        unreachable: Duration::ZERO,
    };
    /// For long work, which outlives a restart of the system.
    pub(crate) const BULK: Self = Self {
        busy: Duration::from_secs(600),
        unreachable: Duration::from_secs(60),
    };
}

/// Pauses for the case that the server does not say how long: 100 ms, doubling up to 5 s, with jitter.
pub(crate) fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
        .build()
}

/// Whether the same request may succeed later.
pub(crate) fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// `Retry-After` (RFC 9110 §10.2.3): whole seconds or an HTTP date; a date that has passed is zero.
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = value.parse::<u32>() {
        return Some(Duration::from_secs(secs.into()));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())])
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        let now = Utc.with_ymd_and_hms(2015, 10, 21, 7, 27, 30).unwrap();
        assert_eq!(retry_after(&headers("7"), now), Some(Duration::from_secs(7)));
        let date = headers("Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(retry_after(&date, now), Some(Duration::from_secs(30)));
        assert_eq!(
            retry_after(&date, now + chrono::Duration::hours(1)),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn nonsense_is_as_good_as_nothing() {
        for value in ["", "soon", "-1", "99999999999999999999"] {
            assert_eq!(retry_after(&headers(value), Utc::now()), None, "{value}");
        }
    }
}
