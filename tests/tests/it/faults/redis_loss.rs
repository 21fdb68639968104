use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn flushing_and_restarting_redis_loses_no_job_and_runs_none_twice() {
    let system = Deployment::start(&[("VISUALKIT__WORKERS__GENERAL", "8")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _process = system.up().await;
    system.submit("diagnostics.sleep", json!({"ms": 100}), 400).await;
    rows.until_succeeded(50, Duration::from_secs(30)).await;
    let mut redis = redis::Client::open(system.servers.get("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut redis).await.unwrap();
    rows.until_succeeded(150, Duration::from_secs(30)).await;
    system.servers.restart("redis");
    rows.until_succeeded(250, Duration::from_secs(30)).await;
    // Without its files it comes back empty.
    system.servers.kill("redis");
    std::fs::remove_dir_all(system.servers.directory().join("data/redis")).unwrap();
    system.servers.start_again("redis");
    rows.until_succeeded(400, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(400).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts").await,
        400,
        "{}",
        rows.states().await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_accepted_while_redis_is_away_and_run_when_it_is_back() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let process = system.up().await;
    system.submit("diagnostics.noop", json!({}), 1).await;
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    system.servers.stop("redis");
    let start = Instant::now();
    system.submit("diagnostics.noop", json!({}), 10).await;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "each request waits for Redis a quarter of a second at most"
    );
    drop(process);
    // A system that starts without Redis accepts them too.
    let _process = system.up().await;
    system.submit("diagnostics.noop", json!({}), 5).await;
    system.servers.start_again("redis");
    rows.until_succeeded(16, Duration::from_secs(20)).await;
    rows.assert_each_succeeded_once(16).await;
}
