//! Outgoing webhooks, as those who are told see them.
mod atomic;
mod command_line;
mod configuring;
mod delivering;
mod failing;
mod hostile;
mod master_key;
mod replaying;
mod rotating;

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, Receiver, TestApp, eventually};

/// A webhook and its secret.
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Makes a webhook for the receiver.
pub(crate) async fn hook(client: &Client, receiver: &Receiver, events: &[&str]) -> Hook {
    let made = client
        .post("/v1/webhooks", json!({"url": receiver.url, "events": events}))
        .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
    Hook {
        id: text("id"),
        secret: text("secret"),
    }
}

impl Hook {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/webhooks/{}{rest}", self.id)
    }

    pub(crate) async fn show(&self, client: &Client) -> Value {
        client.get(&self.path("")).await.body
    }

    pub(crate) async fn deliveries(&self, client: &Client) -> Vec<Value> {
        let page = client.get(&self.path("/deliveries")).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        page.body["data"].as_array().unwrap().clone()
    }

    /// Waits until the newest delivery has had so many attempts and waits for the next, or for none; returns it.
    pub(crate) async fn attempted(&self, client: &Client, attempts: usize) -> Value {
        let newest = async || self.deliveries(client).await.first().cloned().unwrap_or_default();
        eventually("the attempt is written down", Duration::from_secs(30), async || {
            let newest = newest().await;
            let waits = newest["state"] != "pending" || newest["next_attempt_at"].is_string();
            waits && newest["attempts"].as_array().map_or(0, Vec::len) >= attempts
        })
        .await;
        newest().await
    }

    /// Waits until the newest delivery is in the state, and returns it.
    pub(crate) async fn in_state(&self, client: &Client, state: &str) -> Value {
        let newest = async || self.deliveries(client).await.first().cloned().unwrap_or_default();
        eventually(state, Duration::from_secs(30), async || {
            newest().await["state"] == state
        })
        .await;
        newest().await
    }
}

/// Runs a job of a kind to its end, and returns its id.
pub(crate) async fn run_job(app: &TestApp, kind: &str, payload: Value) -> String {
    let job = app
        .client
        .post_waiting("/v1/jobs", json!({"kind": kind, "payload": payload}), 20)
        .await;
    assert_eq!(job.status.as_u16(), 200, "{}", job.text);
    job.body["id"].as_str().unwrap().to_owned()
}
