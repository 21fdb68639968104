use axum::http::{HeaderMap, HeaderValue};
use jobs::{Rate, Taken};
use std::time::Duration;

/// What a limit says about a request, as headers: `RateLimit-Limit`, `-Remaining` and `-Reset`, which most clients read, and the `RateLimit` and
/// `RateLimit-Policy` that succeed them (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    class: &'static str,
    rate: Rate,
    taken: Taken,
}

impl Quota {
    pub(super) fn new(class: &'static str, rate: Rate, taken: Taken) -> Self {
        Self { class, rate, taken }
    }

    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let (class, limit, remaining) = (self.class, self.rate.burst, self.taken.remaining);
        let reset = whole_seconds(self.taken.whole_in);
        // The allowance is whole again after this long without requests.
        let window = whole_seconds(Duration::from_secs_f64(
            f64::from(limit) / self.rate.per_second.max(1e-6),
        ))
        .max(1);
        for (name, number) in [
            ("ratelimit-limit", u64::from(limit)),
            ("ratelimit-remaining", u64::from(remaining)),
            ("ratelimit-reset", reset),
        ] {
            headers.insert(name, HeaderValue::from(number));
        }
        for (name, text) in [
            ("ratelimit-policy", format!("\"{class}\";q={limit};w={window}")),
            ("ratelimit", format!("\"{class}\";r={remaining};t={reset}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

/// Rounded up.
pub(super) fn whole_seconds(of: Duration) -> u64 {
    of.as_secs() + u64::from(of.subsec_nanos() > 0)
}
