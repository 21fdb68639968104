use super::{DIMENSIONS, app_with, base_of, sections, submit};
use diesel_async::RunQueryDsl;
use reqwest::Method;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tests::{EmbeddingMischief, EmbeddingVendor, TestApp};

async fn declare(app: &TestApp, budget: serde_json::Value) {
    let put = app.client.request(Method::PUT, "/v1/budgets/mine");
    let answered = app.client.send(put.json(&budget)).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_a_day_holds_ingests_back_and_is_never_exceeded() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.batch_texts", "4")]).await;
    let base = base_of(&app, "mine").await;
    declare(&app, json!({"cost_micros_per_day": 2_500})).await;
    let jobs = [
        submit(&app, &base, &sections(12)).await,
        submit(&app, &base, &format!("{}# More\n\nAnd another thing.", sections(24))).await,
    ];
    tests::eventually("the day's money holds a job back", Duration::from_secs(20), || async {
        let mut held = false;
        for job in &jobs {
            let why = app.client.get(&format!("/v1/jobs/{job}/why")).await;
            held |= why.body["blocked_by"][0]["reason"] == "budget";
        }
        held
    })
    .await;
    let spent = super::spent(&app, "mine").await;
    assert!(spent["cost_micros"].as_i64().unwrap() <= 2_500, "{spent}");
    declare(&app, json!({})).await;
    for job in &jobs {
        let ended = app.client.ended_within(job, Duration::from_secs(30)).await;
        assert_eq!(
            (&ended["state"], &ended["attempt"]),
            (&json!("succeeded"), &json!(1)),
            "{ended}"
        );
    }
    // What was embedded before the wait was not embedded again.
    let texts: Vec<String> = vendor.calls().iter().flat_map(tests::VendorCall::texts).collect();
    let distinct: std::collections::HashSet<&String> = texts.iter().collect();
    assert!(
        texts.len() - distinct.len() <= 24,
        "at most what two jobs embedded at once"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_gets_on_between_its_waits_does_not_wait_for_ever() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.batch_texts", "4")]).await;
    let base = base_of(&app, "mine").await;
    // A batch a second; each is kept before the next is asked for.
    declare(&app, json!({"requests_per_minute": 60, "burst": 1})).await;
    let job = submit(&app, &base, &sections(24)).await;
    let long_ago = "UPDATE jobs SET max_attempts = 1, snooze = snooze || '{\"since\": \"2020-01-01T00:00:00Z\"}'
                    WHERE state = 'scheduled' AND snooze ->> 'since' > '2021'";
    let waits = AtomicUsize::new(0);
    tests::eventually("it has ended", Duration::from_secs(30), async || {
        let mut owner = app.database.owner().await;
        let put_off = diesel::sql_query(long_ago).execute(&mut owner).await.unwrap();
        waits.fetch_add(put_off, Ordering::Relaxed);
        let state = app.client.get(&format!("/v1/jobs/{job}")).await.body["state"].clone();
        state == "succeeded" || state == "dead"
    })
    .await;
    let ended = app.client.get(&format!("/v1/jobs/{job}")).await.body;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "each time it was put off anew: {ended}"
    );
    assert!(AtomicUsize::load(&waits, Ordering::Relaxed) >= 2, "{waits:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_would_have_to_wait_says_so_at_once() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, "mine").await;
    let job = submit(&app, &base, "The lamp burns whale oil.").await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    let slow_down = json!({"error": {"message": "slow down"}});
    vendor.expect([EmbeddingMischief::Refusal(429, Some(("retry-after", "30")), slow_down)]);
    let started = Instant::now();
    let body = json!({"knowledge_base_ids": [base], "query": "whale", "mode": "hybrid"});
    let refused = app.client.post_waiting("/v1/search", body.clone(), 20).await;
    assert_eq!(refused.body["state"], "dead", "{}", refused.text);
    assert_eq!(refused.body["error"]["code"], "rate_limit", "{}", refused.text);
    assert!(
        refused.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("Ask again in")
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    // By keywords it needs no model.
    let keyword = json!({"knowledge_base_ids": [base], "query": "whale", "mode": "keyword"});
    assert_eq!(app.client.search(keyword).await["results"].as_array().unwrap().len(), 1);
    app.abandon().await;
}
