//! Unique keys: at most one job that has not ended has one.
use serde_json::{Value, json};
use tests::{Client, TestApp, TestOptions, far_ahead};

fn far_off() -> Value {
    json!({"kind": "diagnostics.noop", "unique_key": "nightly", "run_at": far_ahead()})
}

async fn submit(client: &Client) -> String {
    let submitted = client.post("/v1/jobs", far_off()).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn act(client: &Client, job: &str, action: &str) -> u16 {
    let acted = client.post(&format!("/v1/jobs/{job}/{action}"), Value::Null).await;
    acted.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_key_names_one_job_until_that_has_ended() {
    let app = TestApp::start().await;
    let body = far_off();
    let first = app.client.post("/v1/jobs", body.clone()).await;
    let second = app.client.post("/v1/jobs", body.clone()).await;
    assert_eq!(second.body["id"], first.body["id"]);
    assert_eq!(
        (
            first.headers.get("existing-job"),
            second.headers.get("existing-job").map(String::as_str)
        ),
        (None, Some("true"))
    );
    assert_eq!(
        act(&app.client, first.body["id"].as_str().unwrap(), "cancel").await,
        202
    );
    let third = app.client.post("/v1/jobs", body).await;
    assert_ne!(third.body["id"], first.body["id"]);
    assert!(!third.headers.contains_key("existing-job"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_submissions_of_one_unique_key_at_once_make_one_job() {
    let app = TestApp::start().await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let client = app.client.clone();
        requests.spawn(async move { submit(&client).await });
    }
    let ids = requests.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_retried_takes_its_key_again_unless_another_has_it() {
    let app = TestApp::start().await;
    let first = submit(&app.client).await;
    assert_eq!(act(&app.client, &first, "cancel").await, 202);
    let second = submit(&app.client).await;
    assert_ne!(first, second);
    let refused = app.client.post(&format!("/v1/jobs/{first}/retry"), Value::Null).await;
    refused.expect_problem(409, "conflict");
    assert_eq!(act(&app.client, &second, "cancel").await, 202);
    // A retry runs now, and noop ends at once: it holds the key for as long as it waits, which a stopped pool makes long.
    let mut app = app;
    app.stop_workers().await;
    assert_eq!(act(&app.client, &first, "retry").await, 202);
    assert_eq!(submit(&app.client).await, first, "the retried job has its key again");
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&first).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_of_ended_jobs_are_swept_and_held_ones_are_not() {
    // Without workers, which sweep too.
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let ended = submit(&app.client).await;
    act(&app.client, &ended, "cancel").await;
    let held = json!({"kind": "diagnostics.noop", "unique_key": "weekly", "run_at": far_ahead()});
    app.client.post("/v1/jobs", held).await;
    let swept = store::jobs::sweep_locks(&app.context.system, None, 1000).await.unwrap();
    assert_eq!((swept.deleted, swept.live, swept.last), (1, 1, None));
    assert_eq!(
        app.count("SELECT count(*) FROM job_locks WHERE unique_key = 'weekly'")
            .await,
        1
    );
    assert_eq!(app.count("SELECT count(*) FROM job_locks").await, 1);
    app.finish().await;
}
