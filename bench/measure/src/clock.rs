use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 by this machine's clock, which all of its processes read alike.
#[must_use]
pub fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

pub(crate) fn per_second(count: usize, ms: f64) -> f64 {
    (count as f64 * 1e5 / ms).round() / 100.0
}
