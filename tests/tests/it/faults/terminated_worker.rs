use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_worker_ends_cleanly_and_hands_back_what_it_cannot_finish() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let mut terminated = system.worker(&[("VISUALKIT__WORKERS__DRAIN_SECS", "1")]).await;
    system.submit("diagnostics.sleep", json!({"ms": 4000}), 100).await;
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'running'",
        90,
        Duration::from_secs(10),
    )
    .await;
    let _other = system.worker(&[]).await;
    let start = Instant::now();
    terminated.signal("TERM");
    assert!(terminated.wait(), "the worker did not end cleanly");
    let took = start.elapsed();
    eprintln!("a worker with 100 jobs and a drain time of 1 s ended after {took:?}");
    assert!(
        took < Duration::from_secs(1 + 4),
        "it took {took:?} with a drain time of 1 s"
    );
    let of_terminated = format!("worker LIKE 'general-{}-%'", terminated.id());
    assert_eq!(
        rows.number(&format!(
            "SELECT count(*) FROM jobs WHERE state = 'running' AND {of_terminated}"
        ))
        .await,
        0
    );

    rows.until_succeeded(100, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(100).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM jobs WHERE attempt = 1").await,
        100,
        "an attempt that was handed back counted"
    );
    let handed_back = format!("SELECT count(*) FROM job_attempts WHERE outcome = 'handed_back' AND {of_terminated}");
    assert!(rows.number(&handed_back).await >= 50, "{}", rows.states().await);
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts WHERE outcome = 'lost'")
            .await,
        0
    );
}
