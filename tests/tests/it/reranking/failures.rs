//! A reranker that fails costs the order, not the answer.
use super::{app_with, numbered, numbers, wanted};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{RerankMischief, RerankVendor};

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_refuses_leaves_the_fused_order_and_a_reason() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=3).await;
    let mut plain = wanted(&base);
    plain["rerank"] = json!(false);
    let fused = numbers(&app.client.search(plain).await);
    vendor.expect([RerankMischief::Refusal(401, None)]);
    let found = app.client.search(wanted(&base)).await;
    assert_eq!(
        (numbers(&found), &found["reranker"]),
        (fused, &json!("none")),
        "{found}"
    );
    assert_eq!(found["rerank_error"]["code"], "integration", "{found}");
    assert!(
        found["rerank_error"]["message"].as_str().unwrap().contains("401"),
        "{found}"
    );
    assert_eq!(vendor.calls().len(), 1, "what is refused is not asked again");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_pass_is_met_by_one_more_try() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=3).await;
    vendor.expect([RerankMischief::Refusal(503, None)]);
    let found = app.client.search(wanted(&base)).await;
    assert_eq!((numbers(&found), vendor.calls().len()), (vec![3, 2, 1], 2), "{found}");
    vendor.expect([RerankMischief::TooFew, RerankMischief::TooFew]);
    let found = app.client.search(wanted(&base)).await;
    assert_eq!(
        (&found["reranker"], vendor.calls().len()),
        (&json!("none"), 4),
        "{found}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_asks_to_wait_is_left_alone_that_long() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    vendor.expect([RerankMischief::Refusal(429, Some(("retry-after", "30")))]);
    for _ in 0..2 {
        let found = app.client.search(wanted(&base)).await;
        assert_eq!(found["rerank_error"]["code"], "rate_limit", "{found}");
        assert!(
            found["rerank_error"]["message"]
                .as_str()
                .unwrap()
                .contains("Ask again in"),
            "{found}"
        );
    }
    assert_eq!(vendor.calls().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_is_spent_is_not_overspent() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-v3.5", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    // One search costs 2,000.
    let put = app.client.request(Method::PUT, "/v1/budgets/cohere");
    app.client.send(put.json(&json!({"cost_micros_per_day": 3_000}))).await;
    assert_eq!(app.client.search(wanted(&base)).await["reranker"], "rerank-v3.5");
    let found = app.client.search(wanted(&base)).await;
    assert_eq!(
        (&found["reranker"], &found["rerank_error"]["code"]),
        (&json!("none"), &json!("budget")),
        "{found}"
    );
    assert_eq!((numbers(&found).len(), vendor.calls().len()), (2, 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_is_too_slow_for_a_search_is_paid_and_not_taken_for_failing() {
    let vendor = RerankVendor::start(100).await;
    let more = [
        ("retrieval.rerank_timeout_ms", "300"),
        ("governor.failures_to_open", "2"),
    ];
    let app = app_with(&vendor, "rerank-v3.5", &more).await;
    let base = numbered(&app, "base", 1..=2).await;
    for _ in 0..3 {
        vendor.expect([RerankMischief::Late(Duration::from_secs(20))]);
        let found = app.client.search(wanted(&base)).await;
        assert_eq!(found["rerank_error"]["code"], "integration", "{found}");
    }
    assert_eq!(
        vendor.calls().len(),
        3,
        "embedding models are called on the same budget"
    );
    let budgets = app.client.get("/v1/budgets").await.body;
    let mut listed = budgets["data"].as_array().unwrap().iter();
    let cohere = listed.find(|budget| budget["credential"] == "cohere").unwrap();
    assert_eq!(
        cohere["today"]["cost_micros"], 6_000,
        "it may have done the work: {cohere}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_vendor_is_not_waited_for() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[("retrieval.rerank_timeout_ms", "300")]).await;
    let base = numbered(&app, "base", 1..=2).await;
    vendor.expect([RerankMischief::Late(Duration::from_secs(20))]);
    let started = Instant::now();
    let found = app.client.search(wanted(&base)).await;
    assert_eq!(found["reranker"], "none", "{found}");
    assert!(
        found["rerank_error"]["message"].as_str().unwrap().contains("in time"),
        "{found}"
    );
    assert!(started.elapsed() < Duration::from_secs(15));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_one_tenant_was_asked_for_is_every_tenants() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    let base_b = app.client_b.knowledge_base("base").await;
    let document = json!({"title": "lamp", "content": "The lamp burns whale oil", "mime_type": "text/plain"});
    app.client_b.ingest(&base_b, document).await;
    vendor.expect([RerankMischief::Refusal(429, Some(("retry-after", "30")))]);
    for (client, base) in [(&app.client, &base), (&app.client_b, &base_b)] {
        let found = client.search(wanted(base)).await;
        assert_eq!(found["rerank_error"]["code"], "rate_limit", "{found}");
    }
    assert_eq!(vendor.calls().len(), 1);
    app.finish().await;
}
