//! How many batches of a tenant may be there, and what becomes of one that nobody closes.
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Answered, Client, TestApp, TestOptions, eventually, far_ahead};

fn noop() -> Value {
    json!({"kind": "diagnostics.noop"})
}

async fn submit(client: &Client, batch: Value) -> Answered {
    client.post("/v1/batches", batch).await
}

async fn accepted(client: &Client, batch: Value) -> String {
    let submitted = submit(client, batch).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn show(client: &Client, batch: &str) -> Value {
    client.get(&format!("/v1/batches/{batch}")).await.body
}

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_a_thousand_open_batches_and_no_more() {
    let app = without_workers().await;
    let first = accepted(&app.client, json!({"open": true})).await;
    app.execute(
        "INSERT INTO batches (tenant_id, id, on_failure, open, has_step)
         SELECT tenant_id, uuid_v7(), on_failure, true, false FROM batches, generate_series(1, 999)",
    )
    .await;
    let refused = submit(&app.client, json!({"open": true})).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains("close or cancel some"), "{}", refused.text);
    // What is closed at once has room, and so has another tenant.
    accepted(&app.client, json!({"jobs": [noop()]})).await;
    accepted(&app.client_b, json!({"open": true})).await;
    let close = json!({"close": true});
    let closed = app.client.post(&format!("/v1/batches/{first}/jobs"), close).await;
    assert_eq!(closed.status.as_u16(), 202, "{}", closed.text);
    accepted(&app.client, json!({"open": true})).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_ten_thousand_batches_that_have_not_ended_and_no_more() {
    let app = without_workers().await;
    accepted(&app.client, json!({"jobs": [noop()]})).await;
    app.execute(
        "INSERT INTO batches (tenant_id, id, on_failure, open, has_step, total)
         SELECT tenant_id, uuid_v7(), on_failure, false, false, 1 FROM batches, generate_series(1, 9999)",
    )
    .await;
    let refused = submit(&app.client, json!({"jobs": [noop()]})).await;
    refused.expect_problem(409, "conflict");
    assert!(refused.text.contains("wait until some have"), "{}", refused.text);
    accepted(&app.client_b, json!({"jobs": [noop()]})).await;
    app.execute(
        "UPDATE batches SET ended_at = now() WHERE id IN (SELECT id FROM batches WHERE id NOT IN (SELECT parent_id FROM jobs) LIMIT 1)",
    )
    .await;
    accepted(&app.client, json!({"jobs": [noop()]})).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_closes_for_a_month_is_closed_and_what_would_follow_is_cancelled() {
    let app = TestApp::start().await;
    let client = &app.client;
    let far = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let open = json!({"open": true, "jobs": [far], "on_complete": noop()});
    let (old, young) = (accepted(client, open.clone()).await, accepted(client, open).await);
    app.execute(&format!(
        "UPDATE batches SET created_at = now() - CASE id WHEN '{old}' THEN interval '31 days' ELSE interval '29 days' END"
    ))
    .await;
    let (system, queue) = (&app.context.system, &app.context.queue);
    assert_eq!(workers::expire_open_batches(system, queue).await.unwrap(), 1);
    assert_eq!(workers::expire_open_batches(system, queue).await.unwrap(), 0);
    let (closed, left) = (show(client, &old).await, show(client, &young).await);
    assert!(closed["expired_at"].is_string(), "{closed}");
    assert_eq!(
        (
            &closed["open"],
            &closed["state"],
            &closed["on_complete_state"],
            &closed["counts"]["pending"]
        ),
        (&json!(false), &json!("running"), &json!("cancelled"), &json!(1)),
        "its own jobs go on"
    );
    assert_eq!(
        (&left["open"], &left["expired_at"], &left["on_complete_state"]),
        (&json!(true), &Value::Null, &json!("scheduled"))
    );
    let add = format!("/v1/batches/{old}/jobs");
    let refused = client.post(&add, json!({"jobs": [noop()]})).await;
    refused.expect_problem(409, "conflict");
    // It ends with its jobs; what would have followed can still be had.
    let jobs = client.get(&format!("/v1/jobs?parent_id={old}")).await;
    let job = jobs.body["data"][0]["id"].as_str().unwrap();
    client.post(&format!("/v1/jobs/{job}/run"), Value::Null).await;
    eventually("it ends", Duration::from_secs(20), async || {
        show(client, &old).await["ended_at"].is_string()
    })
    .await;
    assert_eq!(show(client, &old).await["on_complete_state"], "cancelled");
    let again = client.post(&format!("/v1/jobs/{old}/retry"), Value::Null).await;
    assert_eq!(again.status.as_u16(), 202, "{}", again.text);
    assert_eq!(client.ended(&old).await["state"], "succeeded");
    app.abandon().await;
}
