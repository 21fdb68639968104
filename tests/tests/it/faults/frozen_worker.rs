use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::Duration;
use store::jobs::expire_leases;
use tests::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_for_longer_than_its_lease_cannot_write_what_it_did() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let frozen = system.worker(&[]).await;
    system.submit("diagnostics.sleep", json!({"ms": 3000}), 20).await;
    let running_at = |process: u32| {
        format!("SELECT count(*) FROM jobs WHERE state = 'running' AND worker LIKE 'general-{process}-%'")
    };
    rows.until(&running_at(frozen.id()), 20, Duration::from_secs(10)).await;
    let other = system.worker(&[]).await;
    frozen.signal("STOP");
    rows.until(&running_at(other.id()), 20, Duration::from_secs(20)).await;
    // Both run all of them now.
    frozen.signal("CONT");
    rows.until_succeeded(20, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(20).await;
    let written = |process: u32, outcome: &str| {
        format!("SELECT count(*) FROM job_attempts WHERE outcome = '{outcome}' AND worker LIKE 'general-{process}-%'")
    };
    assert_eq!(rows.number(&written(frozen.id(), "lost")).await, 20);
    assert_eq!(
        rows.number(&written(other.id(), "succeeded")).await,
        20,
        "{}",
        rows.states().await
    );

    // It works on as if nothing had been.
    other.signal("KILL");
    system.submit("diagnostics.noop", json!({}), 10).await;
    rows.until(&written(frozen.id(), "succeeded"), 10, Duration::from_secs(20))
        .await;
    rows.assert_each_succeeded_once(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_claims_again_what_it_lost_while_frozen_keeps_it() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let only = system.worker(&[]).await;
    system.submit("diagnostics.sleep", json!({"ms": 4000}), 40).await;
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 40, Duration::from_secs(10)).await;
    only.signal("STOP");
    let role = system.system().await;
    eventually("every lease has expired", Duration::from_secs(20), async || {
        expire_leases(&role, 100, Duration::ZERO).await.unwrap();
        let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
        rows.number(running).await == 0
    })
    .await;
    // It has two leases of each job for a moment, and only one of them holds.
    only.signal("CONT");
    rows.until_succeeded(40, Duration::from_secs(30)).await;
    rows.assert_each_succeeded_once(40).await;
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts WHERE outcome = 'lost'")
            .await,
        40,
        "{}",
        rows.states().await
    );
}
