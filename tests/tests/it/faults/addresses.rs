//! Calls go nowhere that tenants may not reach.
use super::effects::call;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeVendor, TestApp, TestOptions, far_ahead};

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_tenants_may_not_reach_is_not_called() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("outgoing.allow_loopback", "false".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let vendor = FakeVendor::start(&[]).await;
    let refused = app.client.post("/v1/jobs", call(&vendor)).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["field"], "payload.url", "{}", refused.text);

    // One that was accepted where it may be called, or whose name leads there by now.
    let mut elsewhere = call(&vendor);
    elsewhere["payload"]["url"] = json!("https://example.com/");
    elsewhere["run_at"] = json!(far_ahead());
    let id = app.client.post("/v1/jobs", elsewhere).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = call(&vendor)["payload"]["url"].clone();
    app.execute(&format!(
        "UPDATE job_bodies SET payload = jsonb_set(payload, '{{url}}', '{url}') WHERE job_id = '{id}'"
    ))
    .await;
    app.client.post(&format!("/v1/jobs/{id}/run"), Value::Null).await;
    let job = app.client.ended(&id).await;
    assert_eq!(job["state"], "dead", "{job}");
    assert!(
        job["error"]["message"].as_str().unwrap().contains("not allowed"),
        "{job}"
    );
    assert!(vendor.calls().is_empty());
    tokio::time::timeout(Duration::from_millis(1), vendor.called())
        .await
        .unwrap_err();
    app.abandon().await;
}
