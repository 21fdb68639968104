use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Proxy, Servers, TestApp, TestOptions, eventually};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_became_a_replica_is_left_for_the_one_that_took_its_place() {
    let (first, second) = (Servers::start_one("redis"), Servers::start_one("redis"));
    let proxy = Proxy::before(first.get("REDIS_URL")).await;
    let app = TestApp::start_with(TestOptions {
        settings: vec![("redis.url", proxy.url(first.get("REDIS_URL")))],
        ..TestOptions::default()
    })
    .await;
    let mut rows = Rows::of(&app);
    let submit = async || app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(submit().await.status.as_u16(), 202);
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    assert_eq!(readiness(&app).await, "ready");

    // As a failover does it: nobody hangs up, and whoever connects anew comes to the other.
    let (_, port) = second.get("REDIS_URL").rsplit_once(':').unwrap();
    let mut redis = redis::Client::open(first.get("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let () = redis::cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(port.trim_end_matches("/0"))
        .query_async(&mut redis)
        .await
        .unwrap();
    eventually("it is degraded", Duration::from_secs(10), async || {
        readiness(&app).await == "degraded"
    })
    .await;
    assert_eq!(submit().await.status.as_u16(), 202);
    proxy.lead_to(second.get("REDIS_URL"));
    rows.until_succeeded(2, Duration::from_secs(10)).await;
    assert_eq!(readiness(&app).await, "ready");
    rows.assert_each_succeeded_once(2).await;
    app.finish().await;
}

async fn readiness(app: &TestApp) -> String {
    let answered = reqwest::get(format!("{}/health/ready", app.admin_url)).await.unwrap();
    assert_eq!(answered.status().as_u16(), 200);
    let said: Value = answered.json().await.unwrap();
    said["status"].as_str().unwrap().to_owned()
}
