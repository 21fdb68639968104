//! Places in line belong to jobs that come back, and to nobody once these are gone.
use super::{app, declare, put_off, submit, submit_many};
use jobs::{Asked, BudgetLimits, Call, Estimate};
use serde_json::json;
use std::time::Duration;
use store::JobId;
use tests::{FakeVendor, TestApp, eventually};
use uuid::Uuid;

/// Asks for a call of a job of its own, at 60 a minute; how long it is to wait, in seconds.
async fn asked(app: &TestApp, comes_back: bool) -> Option<f64> {
    let call = Call {
        tenant: app.tenant,
        credential: "vendor",
        job: JobId::generate(),
        lease: Uuid::new_v4(),
        lasts: Duration::from_secs(30),
        estimate: Estimate::default(),
        limits: BudgetLimits {
            requests_per_minute: 60,
            burst: 1,
            concurrency: 0,
            tokens_per_minute: 0,
            cost_micros_per_day: 0,
        },
        installation: None,
        comes_back,
    };
    match app.context.queue.ask_governor(&call, None).await.unwrap() {
        Asked::Granted => None,
        Asked::Wait(wait) => Some(wait.turn_in.as_secs_f64()),
        Asked::Cold { .. } => panic!("there is no limit of money"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_back_has_no_place_and_needs_none() {
    let app = app(&[]).await;
    assert_eq!(asked(&app, false).await, None);
    for _ in 0..20 {
        let wait = asked(&app, false).await.expect("one a second");
        assert!(wait <= 1.0, "nobody is before it: {wait}");
    }
    let mut last = 0.0;
    for _ in 0..20 {
        last = asked(&app, true).await.expect("one a second");
    }
    assert!((19.0..=22.0).contains(&last), "each has a place of its own: {last}");
    let wait = asked(&app, false).await.expect("one a second");
    assert!(wait <= 1.0, "it takes what is free, behind a line or not: {wait}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_of_cancelled_jobs_hold_nobody_up() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"requests_per_minute": 60, "burst": 1})).await;
    let vendor = FakeVendor::start(&[]).await;
    let jobs = submit_many(&app.client, &vendor.url, 120).await;
    eventually(
        "they stand in line for two minutes",
        Duration::from_secs(20),
        || async {
            app.count("SELECT count(*) FROM jobs WHERE state = 'scheduled' AND snooze IS NOT NULL")
                .await
                > 100
        },
    )
    .await;
    let cancelled = app
        .client
        .post("/v1/jobs/cancel", json!({"kind": "diagnostics.call", "limit": 1000}))
        .await;
    assert!(
        cancelled.body["cancelled"].as_array().unwrap().len() > 90,
        "{}",
        cancelled.text
    );
    for job in &jobs {
        app.client.ended(job).await;
    }
    let next = submit(&app.client, &vendor.url, json!({})).await;
    let ended = app.client.ended_within(&next, Duration::from_secs(15)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_there_keep_their_places() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"requests_per_minute": 30, "burst": 1})).await;
    let vendor = FakeVendor::start(&[]).await;
    let jobs = submit_many(&app.client, &vendor.url, 4).await;
    put_off(&app.client, jobs.last().unwrap()).await;
    let late = submit(&app.client, &vendor.url, json!({})).await;
    for job in &jobs {
        app.client.ended_within(job, Duration::from_secs(30)).await;
    }
    let shown = app.client.get(&format!("/v1/jobs/{late}")).await.body;
    assert_ne!(shown["state"], "succeeded", "it came after them: {shown}");
    let ended = app.client.ended_within(&late, Duration::from_secs(30)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    app.finish().await;
}
