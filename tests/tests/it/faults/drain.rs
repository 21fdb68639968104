use super::enqueue::enqueue;
use super::rows::Rows;
use jobs::kinds::diagnostics::Sleep;
use jobs::{EnqueueOptions, Pool};
use std::time::Duration;
use tests::{TestApp, TestOptions};

async fn without_workers(drain_secs: u64) -> TestApp {
    let settings = vec![("workers.drain_secs", drain_secs.to_string())];
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings,
        ..TestOptions::default()
    })
    .await
}

/// Starts workers, and returns when they run `count` jobs that last `ms`.
async fn run(app: &mut TestApp, ms: u64, count: usize) -> Rows {
    let jobs = enqueue(app, app.tenant, &Sleep { ms }, count, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(app);
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, i64::try_from(count).unwrap(), Duration::from_secs(10))
        .await;
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_end_within_the_drain_time_are_finished() {
    let mut app = without_workers(20).await;
    let mut rows = run(&mut app, 1000, 30).await;
    app.stop_workers().await;
    rows.assert_each_succeeded_once(30).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts").await,
        30,
        "nothing was handed back"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_do_not_are_handed_back_uncounted_and_run_again() {
    let mut app = without_workers(1).await;
    let mut rows = run(&mut app, 3000, 30).await;
    app.stop_workers().await;
    assert_eq!(
        rows.number("SELECT count(*) FROM jobs WHERE state = 'queued' AND attempt = 0")
            .await,
        30,
        "{}",
        rows.states().await
    );
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts WHERE outcome = 'handed_back'")
            .await,
        30
    );
    app.start_workers(vec![Pool::General]);
    rows.until_succeeded(30, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(30).await;
    assert_eq!(rows.number("SELECT count(*) FROM jobs WHERE attempt = 1").await, 30);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_arrives_while_the_workers_stop_is_not_left_behind() {
    let mut app = without_workers(0).await;
    let mut rows = Rows::of(&app);
    for round in 0..25 {
        let jobs = enqueue(&app, app.tenant, &Sleep { ms: 60_000 }, 3, &EnqueueOptions::default()).await;
        app.start_workers(vec![Pool::General]);
        // So that they are popped, claimed or running by now, differently each time.
        tokio::time::sleep(Duration::from_millis(10)).await;
        app.context.queue.push(&jobs).await;
        tokio::time::sleep(Duration::from_micros(400 * round)).await;
        app.stop_workers().await;
        assert_eq!(
            rows.jobs("running").await,
            0,
            "in round {round}, a job was left to the end of its lease"
        );
    }
    assert_eq!(
        rows.number("SELECT count(*) FROM jobs WHERE state = 'queued' AND attempt = 0")
            .await,
        75,
        "{}",
        rows.states().await
    );
    app.abandon().await;
}
