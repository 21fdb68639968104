use axum::http::HeaderMap;
use std::time::Duration;

/// What the client prefers about waiting (RFC 7240). Whatever is malformed or unknown is ignored, as section 2 says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefer {
    wait_secs: Option<u64>,
    respond_async: bool,
}

impl Prefer {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in values.flat_map(|value| value.split(',')) {
            // What follows a semicolon are parameters; neither preference has any.
            let preference = preference.split(';').next().unwrap_or("");
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                // The first occurrence counts.
                "wait" if prefer.wait_secs.is_none() => prefer.wait_secs = seconds(value),
                "respond-async" if value.is_empty() => prefer.respond_async = true,
                _ => {}
            }
        }
        prefer
    }

    /// How long to wait, by preference or else `default_secs`, and never more than `max_secs`. Both preferences together mean: wait so
    /// long, and only then respond asynchronously (RFC 7240, section 4.3).
    pub(crate) fn wait(self, default_secs: u64, max_secs: u64) -> Duration {
        let secs = self
            .wait_secs
            .unwrap_or(if self.respond_async { 0 } else { default_secs });
        Duration::from_secs(secs.min(max_secs))
    }

    /// The `Preference-Applied` header.
    pub(crate) fn applied(self, max_secs: u64) -> Option<String> {
        match (self.wait_secs, self.respond_async) {
            (Some(secs), _) => Some(format!("wait={}", secs.min(max_secs))),
            (None, true) => Some("respond-async".to_owned()),
            (None, false) => None,
        }
    }
}

/// More seconds than a number holds are still a wish to wait long.
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn prefer(values: &[&str]) -> Prefer {
        Prefer::of(
            &values
                .iter()
                .map(|value| ("prefer".parse().unwrap(), value.parse().unwrap()))
                .collect(),
        )
    }

    fn wait(values: &[&str]) -> u64 {
        prefer(values).wait(10, 30).as_secs()
    }

    #[test]
    fn a_wait_is_honoured_up_to_the_cap() {
        assert_eq!(wait(&["wait=5"]), 5);
        assert_eq!(wait(&["handling=lenient, WAIT = \"7\"; x=y"]), 7);
        assert_eq!(wait(&["wait=99999999999999999999999"]), 30);
        assert_eq!(prefer(&["wait=60"]).applied(30).unwrap(), "wait=30");
    }

    #[test]
    fn respond_async_does_not_wait_unless_a_wait_is_named_too() {
        assert_eq!(wait(&["respond-async"]), 0);
        assert_eq!(wait(&["respond-async, wait=3"]), 3);
        assert_eq!(wait(&["respond-async", "wait=3"]), 3);
        assert_eq!(prefer(&["respond-async"]).applied(30).unwrap(), "respond-async");
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for bad in [
            "",
            "wait",
            "wait=",
            "wait=-1",
            "wait=1.5",
            "wait=soon",
            "return=minimal",
            ",;=,",
            "respond-async=no",
        ] {
            assert_eq!(wait(&[bad]), 10, "{bad}");
            assert_eq!(prefer(&[bad]).applied(30), None, "{bad}");
        }
    }

    #[test]
    fn the_first_of_two_waits_counts() {
        assert_eq!(wait(&["wait=1, wait=2", "wait=3"]), 1);
    }
}
