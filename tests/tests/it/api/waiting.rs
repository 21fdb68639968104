//! `Prefer`: when a request waits for its job, and how it answers.
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Answered, Client, TestApp, TestOptions};

async fn submit(client: &Client, path: &str, prefer: Option<&str>, body: &Value) -> Answered {
    let request = client.request(Method::POST, path).json(body);
    let request = match prefer {
        Some(prefer) => request.header("prefer", prefer),
        None => request,
    };
    client.send(request).await
}

fn noop() -> Value {
    json!({"kind": "diagnostics.noop"})
}

async fn without_workers(more: &[(&'static str, &str)]) -> TestApp {
    let settings = more.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings,
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_accepted_at_once_and_found_at_its_location() {
    let app = without_workers(&[]).await;
    let accepted = submit(&app.client, "/v1/jobs", None, &noop()).await;
    assert_eq!(
        (accepted.status.as_u16(), &accepted.body["state"]),
        (202, &json!("queued")),
        "{}",
        accepted.text
    );
    assert!(!accepted.headers.contains_key("preference-applied"));
    let found = app.client.get(&accepted.headers["location"]).await;
    assert_eq!(
        found.body, accepted.body,
        "the job object is the same wherever it is shown"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_gets_the_ended_job_with_200() {
    let app = TestApp::start().await;
    let ended = submit(&app.client, "/v1/jobs", Some("wait=20"), &noop()).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["state"]),
        (200, &json!("succeeded")),
        "{}",
        ended.text
    );
    assert_eq!(ended.headers["preference-applied"], "wait=20");
    assert_eq!(
        ended.headers["location"],
        format!("/v1/jobs/{}", ended.body["id"].as_str().unwrap())
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_for_good_is_200_too() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.fail", "payload": {"permanent": true}});
    let ended = submit(&app.client, "/v1/jobs", Some("wait=20"), &body).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["state"]),
        (200, &json!("dead")),
        "{}",
        ended.text
    );
    assert_eq!(ended.body["error"]["retryable"], false);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_over_first_answers_202_with_the_job_as_it_is() {
    let app = TestApp::start().await;
    let start = Instant::now();
    let body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 60_000}});
    let answered = submit(&app.client, "/v1/jobs", Some("wait=1"), &body).await;
    assert_eq!(answered.status.as_u16(), 202, "{}", answered.text);
    assert!(
        start.elapsed() >= Duration::from_secs(1),
        "it waited {:?}",
        start.elapsed()
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_longer_than_the_limit() {
    let app = without_workers(&[("server.max_wait_secs", "1"), ("server.interactive_wait_secs", "1")]).await;
    for prefer in ["wait=30", "wait=99999999999999999999999"] {
        let answered = submit(&app.client, "/v1/jobs", Some(prefer), &noop()).await;
        assert_eq!(
            (
                answered.status.as_u16(),
                answered.headers["preference-applied"].as_str()
            ),
            (202, "wait=1")
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_answers_and_checks_wait_unless_told_otherwise() {
    let app = without_workers(&[("server.interactive_wait_secs", "1")]).await;
    let base = app.client.knowledge_base("empty").await;
    for (path, body) in [
        ("/v1/search", json!({"knowledge_base_ids": [base], "query": "q"})),
        ("/v1/answers", json!({"knowledge_base_ids": [base], "question": "q"})),
        ("/v1/checks", json!({"response": "r", "sources": ["s"]})),
    ] {
        let start = Instant::now();
        let answered = submit(&app.client, path, None, &body).await;
        assert_eq!(answered.status.as_u16(), 202, "{path}");
        assert!(start.elapsed() >= Duration::from_secs(1), "{path} waits by default");
        let at_once = submit(&app.client, path, Some("respond-async"), &body).await;
        assert_eq!(
            (at_once.status.as_u16(), at_once.headers["preference-applied"].as_str()),
            (202, "respond-async"),
            "{path}"
        );
        let both = submit(&app.client, path, Some("respond-async, wait=1"), &body).await;
        assert_eq!(both.headers["preference-applied"], "wait=1", "{path}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_preference_is_ignored() {
    let app = without_workers(&[]).await;
    for prefer in [
        "wait=-1",
        "wait",
        "wait=1s",
        "respond-async=maybe",
        "handling=lenient",
        "=,;,=",
        "",
    ] {
        let answered = submit(&app.client, "/v1/jobs", Some(prefer), &noop()).await;
        assert_eq!(answered.status.as_u16(), 202, "{prefer}");
        assert!(!answered.headers.contains_key("preference-applied"), "{prefer}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_ends_the_waiting_and_not_the_job() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 1500}, "unique_key": "mine"});
    let request = app
        .client
        .request(Method::POST, "/v1/jobs")
        .header("prefer", "wait=30")
        .json(&body);
    let gave_up = request.timeout(Duration::from_millis(700)).send().await;
    assert!(gave_up.is_err_and(|error| error.is_timeout()));
    let jobs = app.client.get("/v1/jobs").await;
    let ended = app.client.ended(jobs.body["data"][0]["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded");
    app.finish().await;
}
