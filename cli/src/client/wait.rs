//! Waiting for one job, as long as it takes.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::held_up::HeldUp;
use crate::render::one_line;

/// How long a job may stand still before the user is told why, and how often that is asked then.
const STANDSTILL: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The job, once it has ended. It outlives a restart of the system, so the waiting does as well. Each attempt that fails is said on standard
/// error, and, where nothing changes about the job for a while, what it waits for, once each.
///
/// # Errors
/// What a call may end with, with the job's id.
pub(crate) async fn wait_for_end(client: &Client, job: Value) -> anyhow::Result<Value> {
    let id = job.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let ended = follow(client, &id, job, STANDSTILL, |text| eprint!("{text}")).await;
    ended.with_context(|| format!("while waiting for job {id}"))
}

async fn follow(
    client: &Client,
    id: &str,
    mut job: Value,
    standstill: Duration,
    mut say: impl FnMut(&str),
) -> Result<Value, ClientError> {
    let client = client.for_bulk_work();
    let (mut last_change, mut held_up, mut told) = (Instant::now(), HeldUp::default(), 0);
    let mut pause = SHORTEST_PAUSE;
    while !has_ended(&job) {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let now: Value = client.get(&["jobs", id], &[]).await?;
        if how_far(&now) != how_far(&job) {
            last_change = Instant::now();
        }
        job = now;
        if has_ended(&job) {
            // Its end says why the last attempt failed.
            break;
        }
        let failed = failed_attempts(&job);
        let new = failed.iter().filter(|attempt| attempt.number > told);
        new.for_each(|attempt| say(&attempt.text));
        told = failed.last().map_or(told, |attempt| attempt.number.max(told));
        if last_change.elapsed() >= standstill {
            last_change = Instant::now();
            held_up
                .look(&client, Uuid::parse_str(id).unwrap_or_default(), &mut say)
                .await;
        }
    }
    Ok(job)
}

/// An attempt that failed, by its number over all runs.
struct FailedAttempt {
    number: usize,
    text: String,
}

/// In their order; of the last, when the next is due, if one is.
fn failed_attempts(job: &Value) -> Vec<FailedAttempt> {
    let attempts: Vec<&Value> = job
        .get("attempts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    let field = |of: &Value, name: &str| one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let waits = job.get("state").and_then(Value::as_str) == Some("retryable");
    let mut failed = Vec::new();
    for (at, attempt) in attempts.iter().enumerate() {
        let outcome = field(attempt, "outcome");
        let how = match outcome.as_str() {
            "failed" => "failed",
            "lost" => "lost its worker",
            _ => continue,
        };
        let error = attempt.get("error").filter(|error| !error.is_null());
        let error = error.map(|error| format!(": {}: {}", field(error, "code"), field(error, "message")));
        let next = match waits && at + 1 == attempts.len() {
            true => format!("; the next at {}", field(job, "run_at")),
            false => String::new(),
        };
        let number = attempt.get("attempt").and_then(Value::as_u64).unwrap_or_default();
        failed.push(FailedAttempt {
            number: at + 1,
            text: format!("attempt {number} {how}{}{next}\n", error.unwrap_or_default()),
        });
    }
    failed
}

fn has_ended(job: &Value) -> bool {
    let state = job.get("state").and_then(Value::as_str);
    matches!(state, Some("succeeded" | "dead" | "cancelled"))
}

fn how_far(job: &Value) -> [Option<&Value>; 2] {
    [job.get("state"), job.get("progress")]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::client::ServerArgs;
    use crate::testing::{Fake, Received, Reply, reply};
    use serde_json::json;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    fn job(state: &str, done: u32) -> Value {
        json!({"id": ID, "state": state, "progress": {"done": done}})
    }

    async fn said(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Vec<String> {
        let fake = Fake::serving(answer).await;
        let mut said = Vec::new();
        let note = |text: &str| said.push(text.to_owned());
        let standstill = Duration::from_millis(250);
        let ended = follow(&fake.client(), ID, job("queued", 0), standstill, note)
            .await
            .unwrap();
        assert_eq!(ended["state"], "succeeded");
        said
    }

    #[tokio::test]
    async fn what_a_job_that_stands_still_waits_for_is_said_once() {
        let polls = AtomicU32::new(0);
        let said = said(move |request| {
            if request.line.ends_with("/why") {
                let blocker = json!({"reason": "paused", "class": "waiting", "since": "s", "detail": "pool general"});
                return reply(200, json!({"state": "queued", "blocked_by": [blocker]}));
            }
            let state = if polls.fetch_add(1, Relaxed) < 3 {
                "queued"
            } else {
                "succeeded"
            };
            reply(200, job(state, 0))
        })
        .await;
        let expected =
            format!("job {ID} has not moved for a while: queued\n  paused (waiting) since s\n    pool general\n");
        assert_eq!(said, [expected]);
    }

    #[tokio::test]
    async fn each_attempt_that_fails_is_said() {
        let polls = AtomicU32::new(0);
        let said = said(move |request| {
            if request.line.ends_with("/why") {
                return reply(200, json!({"state": "running", "blocked_by": []}));
            }
            let error = json!({"code": "robots_unavailable", "message": "The site is away.", "retryable": true});
            let attempt = |number: u32| json!({"attempt": number, "outcome": "failed", "error": error});
            let (state, attempts) = match polls.fetch_add(1, Relaxed) {
                0 => ("running", json!([{"attempt": 1, "outcome": null}])),
                1 | 2 => ("retryable", json!([attempt(1)])),
                3 => (
                    "running",
                    json!([attempt(1), attempt(2), {"attempt": 3, "outcome": null}]),
                ),
                _ => (
                    "succeeded",
                    json!([attempt(1), attempt(2), {"attempt": 3, "outcome": "succeeded"}]),
                ),
            };
            let at = "2026-11-30T14:09:53Z";
            reply(
                200,
                json!({"id": ID, "state": state, "attempts": attempts, "run_at": at}),
            )
        })
        .await;
        let why = "robots_unavailable: The site is away.";
        let expected = [
            format!("attempt 1 failed: {why}; the next at 2026-11-30T14:09:53Z\n"),
            format!("attempt 2 failed: {why}\n"),
        ];
        assert_eq!(said, expected);
    }

    #[tokio::test]
    async fn of_a_job_that_gets_on_nothing_is_said() {
        let polls = AtomicU32::new(0);
        let said = said(move |_| {
            let done = polls.fetch_add(1, Relaxed);
            reply(200, job(if done < 3 { "running" } else { "succeeded" }, done))
        })
        .await;
        assert!(said.is_empty(), "{said:?}");
    }

    #[tokio::test]
    async fn waiting_outlives_a_restart_of_the_system() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let client = ServerArgs::new(&format!("http://{address}"), "k").connect().unwrap();
        let (ended, _fake) = tokio::join!(wait_for_end(&client, job("running", 1)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Fake::answering_at(address, vec![reply(200, job("succeeded", 2))]).await
        });
        assert_eq!(ended.unwrap()["state"], "succeeded");
    }
}
