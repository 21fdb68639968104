//! Server-sent events of a job.
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, TestApp, eventually, far_ahead};

pub(super) struct SentEvent {
    id: i64,
    name: String,
    pub(super) job: Value,
}

/// Follows the job until the server closes the stream.
pub(super) async fn follow(client: &Client, job: &str, last_event_id: Option<&str>) -> Vec<SentEvent> {
    let mut request = client.request(Method::GET, &format!("/v1/jobs/{job}/events"));
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let answered = client.send(request).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    assert_eq!(answered.headers["content-type"], "text/event-stream");
    answered
        .text
        .split("\n\n")
        .filter(|block| block.contains("data:"))
        .map(parse)
        .collect()
}

fn parse(block: &str) -> SentEvent {
    let field = |name: &str| {
        let line = block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name} in {block}")).trim().to_owned()
    };
    SentEvent {
        id: field("id").parse().unwrap(),
        name: field("event"),
        job: serde_json::from_str(&field("data")).unwrap(),
    }
}

async fn submit(client: &Client, body: Value) -> String {
    client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_followed_to_its_end_and_the_stream_closes() {
    let app = TestApp::start().await;
    let job = submit(
        &app.client,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 1500}}),
    )
    .await;
    let events = follow(&app.client, &job, None).await;
    assert!(events.len() >= 2, "the beginning and the end at least");
    assert!(
        events.windows(2).all(|pair| pair[0].id < pair[1].id),
        "each revision once, in order"
    );
    let last = events.last().unwrap();
    assert_eq!((last.name.as_str(), &last.job["state"]), ("state", &json!("succeeded")));
    assert_eq!(
        last.job,
        app.client.get(&format!("/v1/jobs/{job}")).await.body,
        "the data is the job object"
    );
    let states: Vec<_> = events
        .iter()
        .map(|event| event.job["state"].as_str().unwrap())
        .collect();
    assert!(states.contains(&"running"), "{states:?}");
    for pair in events.windows(2) {
        let same = pair[0].job["state"] == pair[1].job["state"];
        assert_eq!(pair[1].name, if same { "progress" } else { "state" });
    }
    assert_eq!(events[0].name, "state");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_as_it_is_made() {
    let app = TestApp::start().await;
    let job = submit(
        &app.client,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 2500}}),
    )
    .await;
    let events = follow(&app.client, &job, None).await;
    let told: Vec<_> = events.iter().filter(|event| event.name == "progress").collect();
    assert!(!told.is_empty(), "no progress in {} events", events.len());
    let done: Vec<_> = told
        .iter()
        .map(|event| event.job["progress"]["done"].as_u64().unwrap())
        .collect();
    assert!(done.is_sorted(), "{done:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_gets_what_came_after_its_last_event() {
    let app = TestApp::start().await;
    let job = submit(
        &app.client,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 2500}}),
    )
    .await;
    eventually("the job runs", Duration::from_secs(10), async || {
        app.client.get(&format!("/v1/jobs/{job}")).await.body["state"] == "running"
    })
    .await;
    let running = app
        .count(&format!(
            "SELECT revision::bigint AS count FROM jobs WHERE id = '{job}'"
        ))
        .await;
    let events = follow(&app.client, &job, Some(&running.to_string())).await;
    assert!(
        events.iter().all(|event| event.id > running),
        "{:?} after {running}",
        events.iter().map(|e| e.id).collect::<Vec<_>>()
    );
    assert_eq!(events.last().unwrap().job["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_has_ended_is_told_once_and_the_stream_closes() {
    let app = TestApp::start().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.client.ended(&job).await;
    for last_event_id in [
        None,
        Some("0"),
        Some("999999"),
        Some("nonsense"),
        Some("99999999999999999999"),
    ] {
        let events = follow(&app.client, &job, last_event_id).await;
        assert_eq!(
            (events.len(), &events[0].job["state"]),
            (1, &json!("succeeded")),
            "{last_event_id:?}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_ends_its_stream() {
    let app = TestApp::start().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop", "run_at": far_ahead()})).await;
    let (client, followed) = (app.client.clone(), job.clone());
    let following = tokio::spawn(async move { follow(&client, &followed, None).await });
    app.client.post(&format!("/v1/jobs/{job}/cancel"), json!({})).await;
    let events = following.await.unwrap();
    assert_eq!(events.last().unwrap().job["state"], "cancelled");
    app.finish().await;
}
