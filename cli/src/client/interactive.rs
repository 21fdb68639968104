//! Searches, answers and checks: one call that waits, then polling.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connection::Client;
use super::error::ClientError;
use super::held_up::HeldUp;
use super::wire::{Job, JobState};

const PREFER: &str = "wait=10";

/// How long one is waited for after the call that waits.
#[derive(Clone, Copy)]
struct Patience {
    polling: Duration,
    /// How often it is asked what holds it up, the first time at once.
    looking: Duration,
}

const PATIENCE: Patience = Patience {
    polling: Duration::from_secs(140),
    looking: Duration::from_secs(10),
};

/// An interactive job that succeeded.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) job: Job,
    /// From sending the request to having read the result.
    pub(crate) took: Duration,
}

impl Finished {
    /// The result as it came.
    pub(crate) fn result(&self) -> Value {
        self.job.result.clone().unwrap_or(Value::Null)
    }

    /// The result as `T`.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_value(self.result()).map_err(|error| ClientError::Unreadable {
            route: format!("{} job {}", self.job.kind, self.job.id),
            detail: error.to_string(),
        })
    }
}

/// Posts to `/v1/{route}` and waits until the job has ended. What holds it up is said on standard error.
///
/// # Errors
/// [`ClientError::JobFailed`] when the job ends otherwise than succeeded, [`ClientError::Unanswered`] when it does not end, or stays as it is until somebody acts.
pub(crate) async fn run_interactive(client: &Client, route: &str, body: &Value) -> Result<Finished, ClientError> {
    run(client, route, body, PATIENCE, |text| eprint!("{text}")).await
}

async fn run(
    client: &Client,
    route: &str,
    body: &Value,
    patience: Patience,
    mut say: impl FnMut(&str),
) -> Result<Finished, ClientError> {
    let start = Instant::now();
    let send = || {
        client
            .request(Method::POST, &[route])
            .header("prefer", PREFER)
            .json(body)
    };
    let (_, mut job): (_, Job) = client.call(send).await?;
    let polling = Instant::now();
    let mut pause = Duration::from_millis(50);
    let (mut held_up, mut looked): (_, Option<Instant>) = (HeldUp::default(), None);
    while !job.state.has_ended() {
        let mut stuck = false;
        if looked.is_none_or(|at| at.elapsed() >= patience.looking) {
            // A worker that is started again was away at one look, and is there at the next.
            let was_stuck = held_up.stuck().is_some();
            held_up.look(client, job.id, &mut say).await;
            stuck = was_stuck && held_up.stuck().is_some();
            looked = Some(Instant::now());
        }
        if stuck || polling.elapsed() > patience.polling {
            return Err(ClientError::Unanswered {
                id: job.id,
                what: asked_for(route),
                secs: start.elapsed().as_secs(),
                because: held_up.stuck().map(str::to_owned),
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
        job = client.get(&["jobs", &job.id.to_string()], &[]).await?;
    }
    if job.state == JobState::Succeeded {
        return Ok(Finished {
            job,
            took: start.elapsed(),
        });
    }
    let (code, message) = job.error.map(|error| (error.code, error.message)).unwrap_or_default();
    Err(ClientError::JobFailed {
        id: job.id,
        state: job.state.as_str(),
        code,
        message,
    })
}

fn asked_for(route: &str) -> &'static str {
    match route {
        "search" => "search",
        "answers" => "question",
        _ => "check",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Reply, reply};
    use serde_json::json;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    fn job(status: u16, state: &str) -> Reply {
        let error = json!({"code": "model_missing", "message": "no model", "retryable": false});
        reply(
            status,
            json!({"id": ID, "kind": "search", "state": state, "result": {"n": 7}, "error": error}),
        )
    }

    #[tokio::test]
    async fn a_result_that_comes_with_the_call_needs_no_poll() {
        let fake = Fake::answering(vec![job(200, "succeeded")]).await;
        let finished = run_interactive(&fake.client(), "search", &json!({})).await.unwrap();
        assert_eq!(finished.result()["n"], 7);
        assert_eq!(fake.requests()[0].headers["prefer"], "wait=10");
    }

    #[tokio::test]
    async fn what_no_worker_is_there_for_is_said_and_given_up() {
        let fake = Fake::serving(|request| {
            if request.line.ends_with("/why") {
                let blocker = json!({"reason": "no_worker", "class": "stuck", "since": "s", "detail": "No worker of pool retrieval is alive."});
                return reply(200, json!({"state": "queued", "blocked_by": [blocker]}));
            }
            job(202, "queued")
        })
        .await;
        let mut said = Vec::new();
        let patience = Patience {
            polling: Duration::from_secs(60),
            looking: Duration::from_millis(100),
        };
        let note = |text: &str| said.push(text.to_owned());
        let error = run(&fake.client(), "search", &json!({}), patience, note)
            .await
            .unwrap_err();
        assert!(
            error.to_string().starts_with("the search has not been answered after ")
                && error.to_string().ends_with("s: No worker of pool retrieval is alive."),
            "{error}"
        );
        assert!(said.len() == 1 && said[0].contains("no_worker (stuck)"), "{said:?}");
    }

    #[tokio::test]
    async fn what_is_only_slow_is_waited_for() {
        let polls = AtomicU32::new(0);
        let fake = Fake::serving(move |request| {
            if request.line.ends_with("/why") {
                return reply(200, json!({"state": "running", "blocked_by": []}));
            }
            let ended = polls.fetch_add(1, Relaxed) > 5;
            job(202, if ended { "succeeded" } else { "running" })
        })
        .await;
        let patience = Patience {
            polling: Duration::from_secs(60),
            looking: Duration::ZERO,
        };
        let mut said = 0;
        let done = run(&fake.client(), "search", &json!({}), patience, |_| said += 1).await;
        assert_eq!((done.unwrap().result()["n"].clone(), said), (json!(7), 0));
    }

    #[tokio::test]
    async fn a_202_is_polled_to_its_end() {
        let why = reply(200, json!({"state": "queued", "blocked_by": []}));
        let fake = Fake::answering(vec![
            job(202, "queued"),
            why,
            job(200, "running"),
            job(200, "succeeded"),
        ])
        .await;
        assert_eq!(
            run_interactive(&fake.client(), "search", &json!({}))
                .await
                .unwrap()
                .result()["n"],
            7
        );
        assert_eq!(fake.requests()[2].line, format!("GET /v1/jobs/{ID}"));
    }

    #[tokio::test]
    async fn a_job_that_died_says_why() {
        let fake = Fake::answering(vec![job(200, "dead")]).await;
        let error = run_interactive(&fake.client(), "search", &json!({})).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("job {ID} ended dead: model_missing: no model")
        );
    }
}
