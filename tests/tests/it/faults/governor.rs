//! Budgets of credentials, over several processes and their deaths.
use super::deployment::Deployment;
use super::rows::Rows;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::Behaviour::ActAndFallSilent;
use tests::{Client, FakeVendor, LimitedVendor, Says, VendorLimit};

const SECOND: Duration = Duration::from_secs(1);

async fn declare(client: &Client, budget: Value) {
    let put = client.request(Method::PUT, "/v1/budgets/vendor").json(&budget);
    let answered = client.send(put).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
}

fn payload(url: &str) -> Value {
    json!({"url": format!("{url}/calls"), "key": "k", "credential": "vendor"})
}

/// Ten a second, five at once: never more than fifteen in a second.
async fn vendor_of_fifteen_a_second() -> LimitedVendor {
    LimitedVendor::start(VendorLimit {
        calls: 15,
        per: SECOND,
        takes: Duration::from_millis(20),
        says: Says::RetryAfter,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_keep_one_budget_together() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    declare(
        &system.client,
        json!({"requests_per_minute": 600, "burst": 5, "concurrency": 4}),
    )
    .await;
    let vendor = vendor_of_fifteen_a_second().await;
    let _workers = [
        system.worker(&[]).await,
        system.worker(&[]).await,
        system.worker(&[]).await,
    ];
    system.submit("diagnostics.call", payload(&vendor.url), 60).await;
    rows.until_succeeded(60, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(60).await;
    assert_eq!(rows.number("SELECT count(*) FROM jobs WHERE attempt <> 1").await, 0);
    assert_eq!(rows.number("SELECT count(*) FROM job_attempts").await, 60);
    assert_eq!((vendor.refused(), vendor.taken().len()), (0, 60));
    assert!(vendor.most_within(SECOND) <= 15, "{}", vendor.most_within(SECOND));
    assert!(vendor.most_at_once() <= 4, "{}", vendor.most_at_once());
}

#[tokio::test(flavor = "multi_thread")]
async fn flushing_redis_loses_no_waiting_job_and_lets_one_burst_through() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    declare(&system.client, json!({"requests_per_minute": 600, "burst": 5})).await;
    // Twice fifteen would be twice the rate; once more the burst is what a wipe may cost.
    let vendor = LimitedVendor::start(VendorLimit {
        calls: 20,
        per: SECOND,
        takes: Duration::ZERO,
        says: Says::RetryAfter,
    })
    .await;
    let _workers = [system.worker(&[]).await, system.worker(&[]).await];
    system.submit("diagnostics.call", payload(&vendor.url), 50).await;
    rows.until_succeeded(15, Duration::from_secs(30)).await;
    let mut redis = redis::Client::open(system.servers.get("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut redis).await.unwrap();
    rows.until_succeeded(50, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(50).await;
    assert_eq!(rows.number("SELECT count(*) FROM jobs WHERE attempt <> 1").await, 0);
    assert_eq!((vendor.refused(), vendor.taken().len()), (0, 50));
    assert!(vendor.most_within(SECOND) <= 20, "{}", vendor.most_within(SECOND));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_permit_comes_back() {
    let timeouts = [
        ("VISUALKIT__OUTGOING__TIMEOUT_SECS", "1"),
        ("VISUALKIT__OUTGOING__CONNECT_TIMEOUT_SECS", "1"),
        ("VISUALKIT__GOVERNOR__LONGEST_SNOOZE_SECS", "1"),
    ];
    let system = Deployment::start(&timeouts).await;
    let _api = system.serve().await;
    declare(&system.client, json!({"concurrency": 1})).await;
    let vendor = FakeVendor::start(&[ActAndFallSilent]).await;
    let mut killed = system.worker(&[]).await;
    let lost = system.submit("diagnostics.call", payload(&vendor.url), 1).await;
    vendor.called().await;
    killed.signal("KILL");
    killed.wait();
    let _other = system.worker(&[]).await;
    let next = system.submit("diagnostics.call", payload(&vendor.url), 1).await;
    let ended = system.client.ended_within(&next[0], Duration::from_secs(20)).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    let ended = system.client.ended(&lost[0]).await;
    assert_eq!(ended["error"]["code"], "effect_unknown", "{ended}");
    assert_eq!(vendor.calls().len(), 2);
}
