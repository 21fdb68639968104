use super::super::enqueue::{claim_by_hand, enqueue, enqueue_one};
use super::super::rows::Rows;
use super::{behind_postgres_proxy, post_until_accepted, submit_noop, write_and_finish};
use jobs::kinds::diagnostics::{Noop, Sleep};
use jobs::{EnqueueOptions, Pool};
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{Proxy, TestApp, TestOptions};
use workers::WorkerOptions;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_cut_off_for_longer_than_its_lease_cannot_write_what_it_did() {
    let app = TestApp::start_with(behind_postgres_proxy(&[])).await;
    let mut rows = Rows::of(&app);
    let jobs = enqueue(&app, app.tenant, &Sleep { ms: 2500 }, 20, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'running'",
        20,
        Duration::from_secs(10),
    )
    .await;
    let cut_off = rows.texts("SELECT DISTINCT worker FROM jobs").await.remove(0);
    app.postgres().stall();
    let beside = app.beside_proxies().await;
    let options = WorkerOptions::new(&beside.settings, vec![Pool::General]);
    let others = workers::start(&beside, &app.registry, options);
    // Both run all of them now.
    let elsewhere = format!("SELECT count(*) FROM jobs WHERE state = 'running' AND worker <> '{cut_off}'");
    rows.until(&elsewhere, 20, Duration::from_secs(20)).await;
    rows.until_succeeded(20, Duration::from_secs(20)).await;
    app.postgres().resume();
    let written = |outcome: &str, by: &str| {
        format!("SELECT count(*) FROM job_attempts WHERE outcome = '{outcome}' AND worker {by} '{cut_off}'")
    };
    others.shut_down().await;
    beside.replicas.close().await;

    // It works on as if nothing had been.
    let jobs = enqueue(&app, app.tenant, &Noop {}, 10, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    rows.until(&written("succeeded", "="), 10, Duration::from_secs(20))
        .await;
    rows.assert_each_succeeded_once(30).await;
    for (outcome, by, expected) in [("lost", "=", 20), ("succeeded", "<>", 20), ("succeeded", "=", 10)] {
        let found = rows.number(&written(outcome, by)).await;
        assert_eq!(found, expected, "{outcome} {by}; {}", rows.states().await);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_falls_silent_gives_its_job_to_others_and_is_given_up() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..behind_postgres_proxy(&[])
    })
    .await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let claimed = claim_by_hand(&app, job.id, 300).await;
    let beside = app.beside_proxies().await;
    let options = WorkerOptions::new(&beside.settings, vec![Pool::General]);
    let others = workers::start(&beside, &app.registry, options);
    let start = Instant::now();
    // The job's row is locked by now.
    let error = write_and_finish(&app, &claimed, || app.postgres().stall())
        .await
        .unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(
        start.elapsed() < Duration::from_secs(6),
        "given up after {:?}",
        start.elapsed()
    );
    let mut rows = Rows::of(&app);
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    app.postgres().resume();
    others.shut_down().await;
    beside.replicas.close().await;
    rows.assert_each_succeeded_once(1).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM knowledge_bases").await,
        0,
        "a silent transaction was committed"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_postgres_that_are_silent_for_ever_are_replaced() {
    let app = TestApp::start_with(behind_postgres_proxy(&[])).await;
    let mut rows = Rows::of(&app);
    submit_noop(&app).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    assert!(app.postgres().strand("") >= 2, "of both roles");
    post_until_accepted(&app, "/v1/jobs", &json!({"kind": "diagnostics.noop"})).await;
    rows.until_succeeded(2, Duration::from_secs(20)).await;
    rows.assert_each_succeeded_once(2).await;
    app.finish().await;
}

/// A statement may take half a minute: whoever waited as long for an answer that was lost would keep the pool's slots for as long.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_whose_answer_is_lost_is_written_on_another_connection() {
    let app = TestApp::start_with(behind_postgres_proxy(&[("database.statement_timeout_secs", "60")])).await;
    // Each connection says it once, when it has an end to write for the first time.
    app.postgres().strand_in_answer_to("INTO job_attempts");
    let first = Instant::now();
    submit_noop(&app).await;
    let mut rows = Rows::of(&app);
    rows.until_succeeded(1, Duration::from_secs(30)).await;
    submit_noop(&app).await;
    rows.until_succeeded(2, Duration::from_secs(30)).await;
    assert!(first.elapsed() < Duration::from_secs(30), "{:?}", first.elapsed());
    rows.assert_each_succeeded_once(2).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_claim_got_whose_answer_is_lost_runs_all_the_same() {
    let app = TestApp::start_with(behind_postgres_proxy(&[("dispatch.lease_secs", "6")])).await;
    let mut rows = Rows::of(&app);
    lose_a_claim(&app, &mut rows, |proxy, claim| proxy.strand_in_answer_to(claim)).await;
    lose_a_claim(&app, &mut rows, |proxy, claim| proxy.cut_in_answer_to(claim, 0)).await;
    app.finish().await;
}

/// A job whose claim is answered by nothing has one attempt, which succeeds.
async fn lose_a_claim(app: &TestApp, rows: &mut Rows, lose: impl Fn(&Proxy, &str)) {
    submit_noop(app).await;
    let all = rows.number("SELECT count(*) FROM jobs").await;
    rows.until_succeeded(all, Duration::from_secs(10)).await;
    let worker = rows.texts("SELECT DISTINCT worker FROM job_attempts").await.remove(0);
    // What is bound last, with its length: the lease of 6,000 ms, whose last bytes are printable or nearly so, and the worker's name.
    let length = char::from(u8::try_from(worker.len()).unwrap());
    lose(app.postgres(), &format!("\u{17}p\0\0\0{length}{worker}"));
    post_until_accepted(app, "/v1/jobs", &json!({"kind": "diagnostics.noop"})).await;
    rows.until_succeeded(all + 1, Duration::from_secs(20)).await;
    let attempts = rows.number("SELECT count(*) FROM job_attempts").await;
    assert_eq!(attempts, all + 1, "a claim was lost; {}", rows.states().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_refused_in_time_while_postgres_is_silent() {
    let app = TestApp::start_with(behind_postgres_proxy(&[("database.connect_timeout_secs", "1")])).await;
    submit_noop(&app).await;
    app.postgres().stall();
    for _ in 0..3 {
        let start = Instant::now();
        let answered = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
        answered.expect_problem(503, "unavailable");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "refused after {:?}",
            start.elapsed()
        );
    }
    // The connections that were made meanwhile stay silent: they must not keep their places in the pools.
    app.postgres().strand("");
    app.postgres().resume();
    let mut rows = Rows::of(&app);
    post_until_accepted(&app, "/v1/jobs", &json!({"kind": "diagnostics.noop"})).await;
    rows.until_succeeded(2, Duration::from_secs(20)).await;
    app.finish().await;
}
