//! What clients ask for.
use super::history::Expect;
use rand::Rng;
use serde_json::{Value, json};

/// One request to `POST /v1/jobs`, drawn from a client's random numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Submission {
    pub(crate) body: Value,
    pub(crate) kind: &'static str,
    pub(crate) expect: Expect,
    pub(crate) marker: Option<String>,
    pub(crate) unique_key: Option<String>,
    /// Whether the client wants it cancelled once it is accepted.
    pub(crate) cancel: bool,
    /// Seconds that the client waits for the end.
    pub(crate) wait_secs: Option<u64>,
}

/// Enough that only poison spends them: faults lose workers by the dozen.
const ATTEMPTS: u64 = 20;

impl Submission {
    /// The submission `n`; calls go to `vendor`. Long jobs outlast a lease.
    pub(crate) fn draw(random: &mut impl Rng, n: &str, vendor: &str) -> Self {
        let (kind, payload, expect, marker) = match random.random_range(0..100) {
            0..22 => ("diagnostics.noop", json!({}), Expect::Succeeds, None),
            22..42 => sleep(random.random_range(20..600)),
            42..60 => sleep(random.random_range(1000..6000)),
            60..70 => {
                let payload =
                    json!({"times": random.random_range(1..3), "retry_after_ms": random.random_range(0..1500)});
                ("diagnostics.fail", payload, Expect::Succeeds, None)
            }
            70..73 => (
                "diagnostics.fail",
                json!({"permanent": true, "times": 1000}),
                Expect::Fails,
                None,
            ),
            draw => {
                let manner = match draw {
                    73..82 => "steady",
                    82..90 => "slow",
                    90..93 => "busy",
                    93..95 => "failing",
                    95..97 => "cutting",
                    97..98 => "silent",
                    _ => "declining",
                };
                let expect = if manner == "declining" {
                    Expect::Fails
                } else {
                    Expect::Succeeds
                };
                let payload = json!({"url": format!("{vendor}/{manner}"), "key": n});
                ("diagnostics.call", payload, expect, Some(n.to_owned()))
            }
        };
        let mut body =
            json!({"kind": kind, "payload": payload, "max_attempts": ATTEMPTS, "priority": random.random_range(0..3)});
        let unique_key =
            (marker.is_none() && random.random_bool(0.06)).then(|| format!("u{}", random.random_range(0..4)));
        if let Some(key) = &unique_key {
            // The same for all, since whoever comes second gets the first one's job.
            body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 700}, "max_attempts": ATTEMPTS, "unique_key": key});
        }
        let (kind, expect) = match unique_key {
            Some(_) => ("diagnostics.sleep", Expect::Succeeds),
            None => (kind, expect),
        };
        if random.random_bool(0.05) {
            let run_at =
                std::time::SystemTime::now() + std::time::Duration::from_millis(random.random_range(500..3000));
            body["run_at"] = json!(rfc3339(run_at));
        }
        Self {
            body,
            kind,
            expect,
            marker,
            unique_key,
            cancel: random.random_bool(0.03),
            wait_secs: random.random_bool(0.1).then_some(3),
        }
    }
}

fn sleep(ms: u64) -> (&'static str, Value, Expect, Option<String>) {
    ("diagnostics.sleep", json!({ "ms": ms }), Expect::Succeeds, None)
}

fn rfc3339(time: std::time::SystemTime) -> String {
    chrono::DateTime::<chrono::Utc>::from(time).to_rfc3339()
}
