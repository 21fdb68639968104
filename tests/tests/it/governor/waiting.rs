use super::{all_succeed_at_once, app, budget, declare, put_off, submit, submit_many};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeVendor, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_wait_leave_their_slots_free_and_say_what_they_wait_for() {
    let app = app(&[("workers.general", "2"), ("governor.longest_snooze_secs", "20")]).await;
    declare(&app.client, "vendor", json!({"requests_per_minute": 1})).await;
    let vendor = FakeVendor::start(&[]).await;
    let jobs = submit_many(&app.client, &vendor.url, 51).await;
    eventually("50 are put off", Duration::from_secs(20), || async {
        app.count("SELECT count(*) FROM jobs WHERE state = 'scheduled' AND snooze IS NOT NULL")
            .await
            == 50
    })
    .await;
    let noop = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let noop = noop.body["id"].as_str().unwrap().to_owned();
    let ended = app.client.ended_within(&noop, Duration::from_secs(5)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");

    let why = put_off(&app.client, &jobs[50]).await;
    assert_eq!(
        (&why["reason"], &why["class"]),
        (&json!("rate_limit"), &json!("waiting")),
        "{why}"
    );
    let detail = why["detail"].as_str().unwrap();
    assert!(
        detail.contains("credential vendor") && detail.contains("limit: requests"),
        "{why}"
    );
    assert!(why["since"].as_str().is_some(), "{why}");
    let shown = app.client.get(&format!("/v1/jobs/{}", jobs[50])).await;
    assert_eq!(
        (&shown.body["state"], &shown.body["attempt"], &shown.body["attempts"]),
        (&json!("scheduled"), &json!(0), &json!([])),
        "{}",
        shown.text
    );
    // The ledger knows nothing of a call that waits.
    assert_eq!(app.count("SELECT count(*) FROM effects").await, 1);
    let line = budget(&app.client, "vendor").await;
    assert_eq!(
        (&line["current"]["waiting"], &line["current"]["requests_available"]),
        (&json!(50), &json!(0)),
        "{line}"
    );
    // They come back one by one: each has a time of its own.
    let times = app
        .count("SELECT count(DISTINCT (snooze ->> 'until', run_at)) FROM jobs WHERE snooze IS NOT NULL")
        .await;
    assert_eq!(times, 50);

    app.client
        .post(&format!("/v1/jobs/{}/cancel", jobs[50]), Value::Null)
        .await;
    assert_eq!(app.client.ended(&jobs[50]).await["state"], "cancelled");
    declare(&app.client, "vendor", json!({"requests_per_minute": 0})).await;
    all_succeed_at_once(&app.client, &jobs[..50], Duration::from_secs(40)).await;
    assert_eq!(vendor.acted().len(), 50);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_wait_for_ever() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"requests_per_minute": 1})).await;
    let vendor = FakeVendor::start(&[]).await;
    let first = submit(&app.client, &vendor.url, json!({})).await;
    app.client.ended(&first).await;
    let job = submit(&app.client, &vendor.url, json!({})).await;
    let since = put_off(&app.client, &job).await["since"].clone();
    eventually(
        "it has looked again, and is put off since the same moment",
        Duration::from_secs(10),
        || async {
            app.count("SELECT coalesce(max((snooze ->> 'count')::int), 0)::bigint AS count FROM jobs")
                .await
                >= 2
        },
    )
    .await;
    assert_eq!(put_off(&app.client, &job).await["since"], since);
    let long = "UPDATE jobs SET max_attempts = 1, snooze = snooze || '{\"since\": \"2020-01-01T00:00:00Z\"}' WHERE snooze IS NOT NULL";
    eventually("it is found waiting", Duration::from_secs(10), || async {
        app.database.owner().await.batch_execute(long).await.unwrap();
        app.count("SELECT count(*) FROM jobs WHERE state = 'dead'").await == 1
    })
    .await;
    let ended = app.client.ended(&job).await;
    assert_eq!(
        (&ended["state"], &ended["error"]["code"]),
        (&json!("dead"), &json!("rate_limit")),
        "{ended}"
    );
    assert_eq!(vendor.calls().len(), 1);
    app.abandon().await;
}
