//! What is particular to `dispatch.backend = "apalis_redis"`. The other fault tests run on it too: `./dev test backend`.
use super::deployment::Deployment;
use super::enqueue::enqueue;
use super::rows::Rows;
use jobs::kinds::diagnostics::{Noop, Sleep};
use jobs::{EnqueueOptions, Pool};
use redis::AsyncCommands;
use std::time::{Duration, Instant};
use tests::{TestApp, TestOptions, eventually};
use workers::WorkerOptions;

async fn start(slots: &str) -> TestApp {
    let settings = [("dispatch.backend", "apalis_redis"), ("workers.general", slots)];
    TestApp::start_with(TestOptions {
        pools: vec![Pool::General],
        settings: settings.map(|(key, value)| (key, value.to_owned())).to_vec(),
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn apalis_redis_keeps_no_more_of_what_was_run_than_it_is_fed_between_two_cleanings() {
    let app = start("8").await;
    let (mut redis, mut rows) = (app.redis_connection().await, Rows::of(&app));
    let queue = format!("{}:general:apalis", app.context.settings.redis.prefix);
    let jobs = enqueue(&app, app.tenant, &Noop {}, 2500, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&jobs).await.unwrap();
    rows.until_succeeded(2500, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(2500).await;
    // Cleaned once for each thousand; a job that ends during a cleaning stays until the next.
    let kept: usize = redis.hlen(format!("{queue}:data")).await.unwrap();
    let done: usize = redis.scard(format!("{queue}:done")).await.unwrap();
    assert!(kept < 1500 && done < 1500, "{kept} ids, {done} of them done");
    eventually("all are acknowledged", Duration::from_secs(10), || async {
        let in_flight: Vec<String> = redis.clone().keys(format!("{queue}:inflight:*")).await.unwrap();
        in_flight.is_empty()
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_slots_are_taken_leaves_the_window_to_another() {
    let app = start("2").await;
    let mut rows = Rows::of(&app);
    let long = enqueue(&app, app.tenant, &Sleep { ms: 60_000 }, 2, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&long).await.unwrap();
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 2, Duration::from_secs(10)).await;

    let beside = app.beside_proxies().await;
    let options = WorkerOptions::new(&beside.settings, vec![Pool::General]);
    let others = workers::start(&beside, &app.registry, options);
    let (start, short) = (
        Instant::now(),
        enqueue(&app, app.tenant, &Noop {}, 40, &EnqueueOptions::default()).await,
    );
    app.context.queue.try_push(&short).await.unwrap();
    rows.until_succeeded(40, Duration::from_secs(20)).await;
    // None of them had to be offered again, as ids are that were taken 5 s ago and not claimed.
    assert!(start.elapsed() < Duration::from_secs(4), "took {:?}", start.elapsed());
    for job in &long {
        app.client
            .post(&format!("/v1/jobs/{}/cancel", job.id), serde_json::Value::Null)
            .await;
    }
    others.shut_down().await;
    beside.replicas.close().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_apalis_redis_says_at_its_start_that_it_is_slower() {
    let system = Deployment::start(&[("VISUALKIT__DISPATCH__BACKEND", "apalis_redis")]).await;
    let worker = system.worker(&[]).await;
    let log = std::fs::read_to_string(&worker.log).unwrap();
    assert!(log.contains("dispatch.backend is apalis_redis"), "{log}");
}
