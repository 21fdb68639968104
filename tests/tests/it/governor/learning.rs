use super::{all_succeed_at_once, app, budget, declare, put_off, submit, submit_many};
use serde_json::{Value, json};
use std::time::Duration;
use tests::Behaviour::Refuse;
use tests::{FakeVendor, LimitedVendor, Says, VendorLimit};

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_no_attempt_and_teaches_a_rate() {
    for says in [Says::RetryAfter, Says::Nothing] {
        let app = app(&[]).await;
        let vendor = LimitedVendor::start(VendorLimit {
            calls: 5,
            per: Duration::from_secs(1),
            takes: Duration::ZERO,
            says,
        })
        .await;
        let jobs = submit_many(&app.client, &vendor.url, 15).await;
        all_succeed_at_once(&app.client, &jobs, Duration::from_secs(60)).await;
        assert!(vendor.refused() > 0, "nothing was to be learnt");
        assert_eq!(vendor.taken().len(), 15, "{says:?}");
        let budget = budget(&app.client, "vendor").await;
        assert!(
            budget["current"]["learnt_requests_per_minute"]
                .as_u64()
                .is_some_and(|rate| rate > 0),
            "{budget}"
        );
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_says_what_it_has_left_is_not_overrun() {
    let app = app(&[]).await;
    // One after the other, so that each answer is heard before the next call.
    declare(&app.client, "vendor", json!({"concurrency": 1})).await;
    let vendor = LimitedVendor::start(VendorLimit {
        calls: 4,
        per: Duration::from_secs(2),
        takes: Duration::ZERO,
        says: Says::WhatIsLeft,
    })
    .await;
    let jobs = submit_many(&app.client, &vendor.url, 10).await;
    all_succeed_at_once(&app.client, &jobs, Duration::from_secs(60)).await;
    assert_eq!((vendor.refused(), vendor.taken().len()), (0, 10));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leaves_a_failed_effect_and_names_the_vendor() {
    let app = app(&[]).await;
    let vendor = FakeVendor::start(&[Refuse(429), Refuse(429), Refuse(503)]).await;
    let job = submit(&app.client, &vendor.url, json!({})).await;
    all_succeed_at_once(&app.client, std::slice::from_ref(&job), Duration::from_secs(20)).await;
    let effects = app.client.get(&format!("/v1/jobs/{job}/effects")).await;
    let effect = &effects.body["data"][0];
    assert_eq!(
        (&effect["state"], &effect["calls"]),
        (&json!("done"), &json!(4)),
        "{effect}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_asks_for_a_pause_gets_it_from_every_job() {
    let app = app(&[]).await;
    let vendor = LimitedVendor::start(VendorLimit {
        calls: 1,
        per: Duration::from_secs(3600),
        takes: Duration::ZERO,
        says: Says::RetryAfter,
    })
    .await;
    let first = submit(&app.client, &vendor.url, json!({})).await;
    app.client.ended(&first).await;
    let refused = submit(&app.client, &vendor.url, json!({})).await;
    let why = put_off(&app.client, &refused).await;
    assert!(why["detail"].as_str().unwrap().contains("limit: vendor"), "{why}");
    let another = submit(&app.client, &vendor.url, json!({})).await;
    put_off(&app.client, &another).await;
    assert_eq!(vendor.refused(), 1, "the second was not sent");
    let budget = budget(&app.client, "vendor").await;
    assert!(budget["current"]["blocked_until"].is_string(), "{budget}");
    for job in [refused, another] {
        app.client.post(&format!("/v1/jobs/{job}/cancel"), Value::Null).await;
    }
    app.abandon().await;
}
