//! Waiting for one job, as long as it takes.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::time::Instant;

use super::connection::Client;
use super::error::ClientError;
use crate::job_text::why_text;

/// How long a job may stand still before the user is told why.
const STANDSTILL: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The job, once it has ended. It outlives a restart of the system, so the waiting does as well. Where nothing changes about the job for a
/// minute, what it waits for is said on standard error, once.
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
    let (mut last_change, mut said) = (Instant::now(), false);
    let mut pause = SHORTEST_PAUSE;
    while !has_ended(&job) {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let now: Value = client.get(&["jobs", id], &[]).await?;
        if how_far(&now) != how_far(&job) {
            last_change = Instant::now();
        }
        job = now;
        if !said && last_change.elapsed() >= standstill && !has_ended(&job) {
            said = true;
            // Who cannot be told why waits all the same.
            if let Ok(why) = client.get::<Value>(&["jobs", id, "why"], &[]).await {
                say(&format!("job {id} has not moved for a while: {}", why_text(&why)));
            }
        }
    }
    Ok(job)
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
