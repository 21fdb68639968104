use serde_json::Value;
use std::time::Duration;
use tests::{TestApp, TestOptions};

/// The whole system, with these settings of the section `parser`.
pub(super) async fn limited(limits: &[(&'static str, &str)]) -> TestApp {
    TestApp::start_with(TestOptions {
        settings: limits.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
        ..TestOptions::default()
    })
    .await
}

/// Uploads a file and returns its job, ended.
pub(super) async fn ingest(app: &TestApp, base: &str, name: &str, media_type: Option<&str>, bytes: &[u8]) -> Value {
    let sent = app.client.upload(base, name, media_type, bytes).await;
    assert_eq!(sent.status.as_u16(), 202, "{name}: {}", sent.text);
    let job = sent.body["id"].as_str().unwrap();
    app.client.ended_within(job, Duration::from_secs(120)).await
}

/// What the job's step `parse` tells.
pub(super) async fn parse_detail(app: &TestApp, job: &Value) -> Value {
    let steps = app
        .client
        .get(&format!("/v1/jobs/{}/steps", job["id"].as_str().unwrap()))
        .await;
    assert_eq!(steps.body["data"][1]["name"], "parse", "{}", steps.text);
    steps.body["data"][1]["detail"].clone()
}

pub(super) fn code(job: &Value) -> &str {
    job["error"]["code"].as_str().unwrap_or("none")
}

pub(super) fn message(job: &Value) -> &str {
    job["error"]["message"].as_str().unwrap_or("none")
}
