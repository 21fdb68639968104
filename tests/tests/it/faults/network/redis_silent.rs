use super::super::enqueue::{claim_by_hand, enqueue_one};
use super::super::rows::Rows;
use super::{behind_redis_proxy, submit_noop};
use jobs::kinds::diagnostics::Noop;
use jobs::{EnqueueOptions, Pool};
use std::time::{Duration, Instant};
use tests::{TestApp, TestOptions, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_accepted_while_redis_is_silent_and_run_when_it_speaks_again() {
    // A request that waited for it would take two seconds.
    let app = TestApp::start_with(behind_redis_proxy(&[("redis.response_timeout_ms", "2000")])).await;
    let mut rows = Rows::of(&app);
    submit_noop(&app).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    app.redis().stall();
    let stalled = Instant::now();
    for _ in 0..10 {
        let start = Instant::now();
        submit_noop(&app).await;
        assert!(
            start.elapsed() < Duration::from_millis(1500),
            "a request waited {:?} for Redis",
            start.elapsed()
        );
    }
    assert!(
        stalled.elapsed() > Duration::from_secs(2),
        "longer than the response time-out"
    );
    assert_eq!(rows.jobs("queued").await, 10, "{}", rows.states().await);
    app.redis().resume();
    rows.until_succeeded(11, Duration::from_secs(20)).await;
    rows.assert_each_succeeded_once(11).await;
    assert_eq!(rows.number("SELECT count(*) FROM job_attempts").await, 11);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_redis_that_are_silent_for_ever_are_replaced() {
    let app = TestApp::start_with(behind_redis_proxy(&[])).await;
    let mut rows = Rows::of(&app);
    submit_noop(&app).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    assert!(app.redis().strand("") >= 2, "commands and subscriptions");
    submit_noop(&app).await;
    rows.until_succeeded(2, Duration::from_secs(10)).await;
    rows.assert_each_succeeded_once(2).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_start_within_the_poll_interval_while_the_doorbell_is_silent() {
    let minute = ("dispatch.reconcile_interval_ms", "60000");
    let app = TestApp::start_with(behind_redis_proxy(&[minute])).await;
    let mut rows = Rows::of(&app);
    submit_noop(&app).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    for jobs in 2..7 {
        app.redis().strand("SUBSCRIBE");
        submit_noop(&app).await;
        rows.until_succeeded(jobs, Duration::from_secs(10)).await;
    }
    let longest = "SELECT 1000 * max(extract(epoch FROM started_at - created_at)) FROM jobs";
    let longest = rows.number(longest).await;
    assert!(
        longest < 1500,
        "the poll interval is 500 ms, a job started after {longest} ms"
    );
    rows.assert_each_succeeded_once(6).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doorbell_that_went_silent_rings_again() {
    let minute = |key| (key, "60000");
    let fallbacks = [
        minute("dispatch.poll_interval_ms"),
        minute("dispatch.reconcile_interval_ms"),
    ];
    let app = TestApp::start_with(behind_redis_proxy(&fallbacks)).await;
    let mut rows = Rows::of(&app);
    submit_noop(&app).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    let connections = app.redis().accepted();
    let stranded = app.redis().strand("SUBSCRIBE");
    assert!(stranded >= 3, "{stranded} subscriptions");
    eventually("every subscription is made anew", Duration::from_secs(20), async || {
        app.redis().accepted() >= connections + stranded
    })
    .await;
    for jobs in 2..5 {
        submit_noop(&app).await;
        rows.until_succeeded(jobs, Duration::from_secs(10)).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends_while_redis_is_silent_is_not_excused_as_if_the_database_were_away() {
    // An announcement waits for longer than a lease.
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..behind_redis_proxy(&[("redis.response_timeout_ms", "3000")])
    })
    .await;
    let (first, second) = (
        enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await,
        enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await,
    );
    // Somebody has to look for expired leases, and nobody to run the jobs.
    app.start_workers(vec![Pool::Delivery]);
    app.redis().stall();
    claim_by_hand(&app, first.id, 300).await;
    claim_by_hand(&app, second.id, 1000).await;
    let mut rows = Rows::of(&app);
    let ended = "SELECT count(*) FROM job_attempts";
    rows.until(ended, 2, Duration::from_secs(30)).await;
    let lost = rows
        .number("SELECT count(*) FROM job_attempts WHERE outcome = 'lost'")
        .await;
    assert_eq!(lost, 2, "{}", rows.states().await);
    app.redis().resume();
    app.abandon().await;
}
