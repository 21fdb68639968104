use super::enqueue::{claim_by_hand, enqueue_one};
use super::leases::expire_one;
use super::rows::Rows;
use jobs::kinds::diagnostics::Sleep;
use jobs::{EnqueueOptions, Pool};
use serde_json::json;
use std::time::Duration;
use store::jobs::JobState;
use tests::{TestApp, TestOptions};

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_that_is_cancelled_never_starts() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let [cancelled, kept] = [
        enqueue_one(&app, &Sleep { ms: 1 }, &EnqueueOptions::default()).await,
        enqueue_one(&app, &Sleep { ms: 1 }, &EnqueueOptions::default()).await,
    ];
    app.context.queue.push(&[cancelled.clone(), kept.clone()]).await;
    let answered = app
        .client
        .post(&format!("/v1/jobs/{}/cancel", cancelled.id), json!({}))
        .await;
    assert_eq!(
        (answered.status.as_u16(), &answered.body["state"]),
        (202, &json!("cancelled")),
        "{}",
        answered.text
    );
    app.start_workers(vec![Pool::General]);
    app.client.ended(&kept.id.to_string()).await;
    let mut rows = Rows::of(&app);
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts").await,
        1,
        "only the other job ran"
    );
    assert_eq!((rows.jobs("cancelled").await, rows.jobs("succeeded").await), (1, 1));
    let again = app
        .client
        .post(&format!("/v1/jobs/{}/cancel", cancelled.id), json!({}))
        .await;
    assert_eq!(again.status, 409, "{}", again.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_that_is_cancelled_stops() {
    let app = TestApp::start().await;
    let submitted = app
        .client
        .post(
            "/v1/jobs",
            json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}}),
        )
        .await;
    let id = submitted.body["id"].as_str().unwrap();
    Rows::of(&app)
        .until(
            "SELECT count(*) FROM jobs WHERE state = 'running'",
            1,
            Duration::from_secs(10),
        )
        .await;
    let answered = app.client.post(&format!("/v1/jobs/{id}/cancel"), json!({})).await;
    assert_eq!(answered.status, 202, "{}", answered.text);
    let ended = app.client.ended_within(id, Duration::from_secs(10)).await;
    assert_eq!(
        (&ended["state"], &ended["attempts"][0]["outcome"]),
        (&json!("cancelled"), &json!("cancelled")),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_whose_worker_is_lost_does_not_run_again() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let job = enqueue_one(&app, &Sleep { ms: 1 }, &EnqueueOptions::default()).await;
    claim_by_hand(&app, job.id, 300).await;
    assert_eq!(
        app.client
            .post(&format!("/v1/jobs/{}/cancel", job.id), json!({}))
            .await
            .status,
        202
    );
    assert_eq!(expire_one(&app).await.state, JobState::Cancelled);
    app.finish().await;
}
