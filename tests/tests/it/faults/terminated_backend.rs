//! A server process of PostgreSQL that is told to end while it does our work, as all are when the server is restarted.
use super::enqueue::enqueue_one;
use super::rows::Rows;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use jobs::EnqueueOptions;
use jobs::kinds::diagnostics::Sleep;
use serde_json::json;
use std::time::Duration;
use tests::{TestApp, TestOptions, eventually};

/// Ends what the role of this URL does that waits for a lock, once it is a statement with `word` in its first kilobyte.
async fn terminate(url: &str, word: &str) {
    let mut rows = Rows::at(url);
    let waits = format!(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user AND wait_event_type = 'Lock' AND query LIKE '%{word}%'
           AND pid <> pg_backend_pid()"
    );
    rows.until(&waits, 1, Duration::from_secs(10)).await;
}

async fn lock_all_jobs(app: &TestApp) -> AsyncPgConnection {
    let mut holder = AsyncPgConnection::establish(&app.database.owner_url).await.unwrap();
    holder
        .batch_execute("BEGIN; SELECT FROM jobs FOR UPDATE")
        .await
        .unwrap();
    holder
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_being_written_then_is_written_by_another() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("dispatch.lease_secs", "3".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let mut rows = Rows::of(&app);
    let once = EnqueueOptions {
        max_attempts: Some(1),
        ..EnqueueOptions::default()
    };
    let job = enqueue_one(&app, &Sleep { ms: 300 }, &once).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 1, Duration::from_secs(10)).await;
    let mut holder = lock_all_jobs(&app).await;
    for _ in 0..2 {
        terminate(&app.database.system_url, "SELECT j.id FROM jobs j").await;
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    rows.until(
        "SELECT count(*) FROM jobs WHERE state <> 'running'",
        1,
        Duration::from_secs(20),
    )
    .await;
    rows.assert_each_succeeded_once(1).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts").await,
        1,
        "{}",
        rows.states().await
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_statement_is_ended_may_be_sent_again() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let cancel = format!("/v1/jobs/{}/cancel", submitted.body["id"].as_str().unwrap());
    let mut holder = lock_all_jobs(&app).await;
    let (cancelled, ()) = tokio::join!(
        app.client.send(app.client.request(reqwest::Method::POST, &cancel)),
        terminate(&app.database.app_url, "jobs")
    );
    cancelled.expect_problem(503, "unavailable");
    assert_eq!(cancelled.headers["retry-after"], "1");
    holder.batch_execute("ROLLBACK").await.unwrap();
    eventually("it is cancelled", Duration::from_secs(10), async || {
        let request = app.client.request(reqwest::Method::POST, &cancel);
        app.client.send(request).await.status.as_u16() == 202
    })
    .await;
    app.finish().await;
}
