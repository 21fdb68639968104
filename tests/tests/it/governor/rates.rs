use super::{all_succeed_at_once, app, budget, declare, submit_many};
use serde_json::json;
use std::time::Duration;
use tests::{FakeVendor, LimitedVendor, Says, VendorLimit};

#[tokio::test(flavor = "multi_thread")]
async fn the_declared_rate_is_kept_and_no_attempt_is_used() {
    let app = app(&[]).await;
    // Never more than 5 + 10 in a second, says the budget; the vendor stands no more.
    declare(&app.client, "vendor", json!({"requests_per_minute": 600, "burst": 5})).await;
    let second = Duration::from_secs(1);
    let vendor = LimitedVendor::start(VendorLimit {
        calls: 15,
        per: second,
        takes: Duration::ZERO,
        says: Says::RetryAfter,
    })
    .await;
    let jobs = submit_many(&app.client, &vendor.url, 40).await;
    all_succeed_at_once(&app.client, &jobs, Duration::from_secs(30)).await;
    assert_eq!(vendor.refused(), 0);
    assert!(vendor.most_within(second) <= 15, "{}", vendor.most_within(second));
    assert_eq!(vendor.taken().len(), 40);
    let budget = budget(&app.client, "vendor").await;
    assert_eq!(
        (&budget["current"]["requests_today"], &budget["current"]["waiting"]),
        (&json!(40), &json!(0)),
        "{budget}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_calls_are_made_at_once_than_declared() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"concurrency": 2})).await;
    let vendor = LimitedVendor::start(VendorLimit {
        calls: 1000,
        per: Duration::from_secs(1),
        takes: Duration::from_millis(150),
        says: Says::Nothing,
    })
    .await;
    let jobs = submit_many(&app.client, &vendor.url, 12).await;
    all_succeed_at_once(&app.client, &jobs, Duration::from_secs(30)).await;
    assert_eq!(vendor.most_at_once(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_the_tenants_own() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"requests_per_minute": 1})).await;
    let vendor = FakeVendor::start(&[]).await;
    let held = submit_many(&app.client, &vendor.url, 2).await;
    let others = submit_many(&app.client_b, &vendor.url, 5).await;
    all_succeed_at_once(&app.client_b, &others, Duration::from_secs(10)).await;
    let seen_by_b = budget(&app.client_b, "vendor").await;
    assert_eq!(
        (&seen_by_b["declared"], &seen_by_b["current"]["requests_today"]),
        (&json!(false), &json!(5)),
        "{seen_by_b}"
    );
    declare(&app.client, "vendor", json!({"requests_per_minute": 0})).await;
    all_succeed_at_once(&app.client, &held, Duration::from_secs(10)).await;
    app.finish().await;
}
