use super::support::{states, steps, submit};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{EmbeddingVendor, TestApp, TestOptions, eventually};

async fn with_budget(app: &TestApp, budget: Value) {
    let put = app.client.request(Method::PUT, "/v1/budgets/mine");
    let answered = app.client.send(put.json(&budget)).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
}

/// When the job was looked at so often that it waited.
async fn put_off(app: &TestApp, job: &str, times: i64) {
    let count = format!("SELECT coalesce((snooze ->> 'count')::bigint, 0) AS count FROM jobs WHERE id = '{job}'");
    eventually("it was put off", Duration::from_secs(30), async || {
        app.count(&count).await >= times
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_waits_for_a_budget_is_fetched_and_parsed_once() {
    let vendor = EmbeddingVendor::start(256, 64).await;
    let mut settings = vendor.settings();
    settings.push(("governor.longest_snooze_secs", "1".to_owned()));
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let named = json!({"name": "base", "embedding_model": "mine"});
    let base = app.client.post("/v1/knowledge-bases", named).await.body["id"].clone();
    let base = base.as_str().unwrap();
    with_budget(&app, json!({"requests_per_minute": 1})).await;
    let document =
        |name: &str| json!({"title": name, "content": format!("The {name} burns."), "mime_type": "text/plain"});
    assert_eq!(app.client.ingest(base, document("lantern")).await["state"], "succeeded");

    let job = submit(&app, base, document("candle")).await;
    let job = job["id"].as_str().unwrap();
    put_off(&app, job, 1).await;
    // Whoever reads it now finds nothing to ingest, and the job ends.
    let bytes = async |text: &str| {
        app.execute(&format!("UPDATE blob_parts SET bytes = convert_to('{text}', 'UTF8')"))
            .await;
    };
    bytes("…").await;
    put_off(&app, job, 4).await;
    assert_eq!(vendor.calls().len(), 1);
    bytes("The candle burns.").await;
    with_budget(&app, json!({"requests_per_minute": 0})).await;
    let ended = app.client.ended_within(job, Duration::from_secs(20)).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_a_budget_shows_the_steps_that_it_has_taken() {
    let vendor = EmbeddingVendor::start(256, 64).await;
    let app = TestApp::start_with(TestOptions {
        settings: vendor.settings(),
        ..TestOptions::default()
    })
    .await;
    let named = json!({"name": "base", "embedding_model": "mine"});
    let base = app.client.post("/v1/knowledge-bases", named).await.body["id"].clone();
    let base = base.as_str().unwrap();
    with_budget(&app, json!({"requests_per_minute": 1})).await;
    let document =
        |name: &str| json!({"title": name, "content": format!("The {name} burns."), "mime_type": "text/plain"});
    assert_eq!(app.client.ingest(base, document("lantern")).await["state"], "succeeded");

    // Its turn is in a minute.
    let job = submit(&app, base, document("candle")).await;
    let job = job["id"].as_str().unwrap();
    put_off(&app, job, 1).await;
    let taken = steps(&app, job).await;
    assert_eq!(
        states(&taken),
        [
            "fetch done 1",
            "parse done 1",
            "chunk done 1",
            "embed pending",
            "index pending",
            "verify pending"
        ]
    );
    assert!(taken[0]["detail"]["bytes"].is_u64(), "{taken:?}");
    let waits = app.client.get(&format!("/v1/jobs/{job}")).await.body;
    assert_eq!(
        [&waits["state"], &waits["result"], &waits["error"]],
        [&json!("scheduled"), &Value::Null, &Value::Null],
        "why it waits is no result"
    );
    app.abandon().await;
}
