//! Searches, answers and checks: one call that waits, then polling.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connection::Client;
use super::error::ClientError;
use super::wire::{Job, JobState};

const PREFER: &str = "wait=30";
/// How long to poll after the call that waits.
const MAX_POLLING: Duration = Duration::from_secs(120);

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

/// Posts to `/v1/{route}` and waits until the job has ended.
///
/// # Errors
/// [`ClientError::JobFailed`] when the job ends otherwise than succeeded, [`ClientError::Stalled`] when it does not end.
pub(crate) async fn run_interactive(client: &Client, route: &str, body: &Value) -> Result<Finished, ClientError> {
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
    while !job.state.has_ended() {
        if polling.elapsed() > MAX_POLLING {
            return Err(ClientError::Stalled {
                waiting: 1,
                secs: start.elapsed().as_secs(),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Reply, reply};
    use serde_json::json;

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
        assert_eq!(fake.requests()[0].headers["prefer"], "wait=30");
    }

    #[tokio::test]
    async fn a_202_is_polled_to_its_end() {
        let fake = Fake::answering(vec![job(202, "queued"), job(200, "running"), job(200, "succeeded")]).await;
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
