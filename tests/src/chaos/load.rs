//! Clients of many tenants. Each submits one job after the other, and sends a submission again under its key until somebody answers for it.
use super::history::{Event, Recorder};
use super::submission::Submission;
use crate::Client;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What all clients share.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) recorder: Arc<Recorder>,
    /// A client for each tenant, and the tenant.
    pub(crate) tenants: Arc<Vec<(String, Client)>>,
    pub(crate) vendor: String,
    pub(crate) seed: u64,
    /// The longest pause between two submissions of one client; they are half as long on average.
    pub(crate) pause: Duration,
    /// No new submissions from here on.
    pub(crate) stop: CancellationToken,
    /// Submissions that are still unclear are given up from here on.
    pub(crate) give_up: CancellationToken,
}

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(8);

impl Load {
    /// The client number `client`, until it is told to stop.
    pub(crate) async fn run(self, client: usize) {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_mul(1000).wrapping_add(client as u64));
        let mut known: Option<String> = None;
        for count in 0.. {
            let n = format!("{client}-{count}");
            let tenant = random.random_range(0..self.tenants.len());
            let submission = Submission::draw(&mut random, &n, &self.vendor);
            let (again, look) = (random.random_bool(0.05), random.random_bool(0.1));
            let pause = self.pause.mul_f64(random.random());
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            let (name, api) = &self.tenants[tenant];
            self.recorder.record(Event::Submitted {
                n: n.clone(),
                tenant: name.clone(),
                kind: submission.kind.to_owned(),
                expect: submission.expect,
                marker: submission.marker.clone(),
                unique_key: submission.unique_key.clone(),
            });
            let Some(job) = self.submit(api, &n, &submission).await else {
                continue;
            };
            if again {
                self.submit(api, &n, &submission).await;
            }
            if submission.cancel {
                self.recorder.record(Event::CancelAsked { job: job.clone() });
                let _ = api
                    .request(Method::POST, &format!("/v1/jobs/{job}/cancel"))
                    .timeout(PATIENCE)
                    .send()
                    .await;
            }
            if let Some(known) = known.take().filter(|_| look) {
                self.look(&self.tenants[0].1, &known).await;
            }
            if tenant == 0 {
                known = Some(job);
            }
        }
    }

    /// Sends until the answer is clear; the job's id.
    async fn submit(&self, api: &Client, n: &str, submission: &Submission) -> Option<String> {
        loop {
            match self.send(api, n, submission).await {
                Ok(job) => return job,
                Err(why) => self.recorder.record(Event::Unclear { n: n.to_owned(), why }),
            }
            self.give_up
                .run_until_cancelled(tokio::time::sleep(Duration::from_millis(300)))
                .await?;
        }
    }

    /// `Err` when the answer promises nothing either way.
    async fn send(&self, api: &Client, n: &str, submission: &Submission) -> Result<Option<String>, String> {
        let mut request = api
            .request(Method::POST, "/v1/jobs")
            .header("idempotency-key", n)
            .timeout(PATIENCE);
        if let Some(secs) = submission.wait_secs {
            request = request.header("prefer", format!("wait={secs}"));
        }
        let answer = request
            .json(&submission.body)
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let (status, replayed) = (
            answer.status().as_u16(),
            answer.headers().contains_key("idempotent-replayed"),
        );
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if status >= 500 || status == 429 {
            return Err(status.to_string());
        }
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let (true, Some(job)) = (status < 300, body["id"].as_str()) else {
            self.recorder.record(Event::Refused {
                n: n.to_owned(),
                status,
                body: text,
            });
            return Ok(None);
        };
        self.recorder.record(Event::Accepted {
            n: n.to_owned(),
            job: job.to_owned(),
            replayed,
        });
        self.note_end(&body);
        Ok(Some(job.to_owned()))
    }

    async fn look(&self, api: &Client, job: &str) {
        if let Ok(answer) = api
            .request(Method::GET, &format!("/v1/jobs/{job}"))
            .timeout(PATIENCE)
            .send()
            .await
            && let Ok(body) = answer.json().await
        {
            self.note_end(&body);
        }
    }

    fn note_end(&self, job: &Value) {
        if let (Some(id), Some(state @ ("succeeded" | "dead" | "cancelled"))) =
            (job["id"].as_str(), job["state"].as_str())
        {
            self.recorder.record(Event::Seen {
                job: id.to_owned(),
                state: state.to_owned(),
            });
        }
    }
}

/// What a person decides about a job whose call nobody knows the outcome of.
pub(crate) async fn decide(api: &Client, job: &str, acted: bool) -> Result<(), String> {
    let decision = if acted { "assume_done" } else { "repeat" };
    let request = api
        .request(Method::POST, &format!("/v1/jobs/{job}/retry"))
        .timeout(PATIENCE);
    let answer = request
        .json(&json!({ "effect": decision }))
        .send()
        .await
        .map_err(|error| error.to_string())?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(answer.text().await.unwrap_or_default()),
    }
}
