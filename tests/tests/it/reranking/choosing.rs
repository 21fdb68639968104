use super::{app_with, numbered, wanted};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{RerankVendor, TestApp, TestOptions};

async fn change(app: &TestApp, base: &str, search: Value) {
    let patch = app
        .client
        .request(Method::PATCH, &format!("/v1/knowledge-bases/{base}"));
    let changed = app.client.send(patch.json(&json!({ "search": search }))).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_goes_before_the_base_and_the_base_before_the_installation() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    let ran = async |more: Value| {
        let mut body = json!({"knowledge_base_ids": [base], "query": "whale oil"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.client.search(body).await["reranker"].as_str().unwrap().to_owned()
    };
    assert_eq!(ran(json!({})).await, "none");
    assert_eq!(ran(json!({"rerank": true})).await, "rerank-2");
    change(&app, &base, json!({"reranker": "rerank-v3.5", "rerank": true})).await;
    assert_eq!(ran(json!({})).await, "rerank-v3.5");
    assert_eq!(ran(json!({"rerank": false})).await, "none");
    assert_eq!(ran(json!({"reranker": "rerank-2-lite"})).await, "rerank-2-lite");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reranker_that_cannot_be_had_is_refused_at_submission() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("models.cohere.api_key", "a-key".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let refused = app.client.post("/v1/search", wanted(&base)).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["code"], "no_reranker", "{}", refused.text);
    let body = json!({"knowledge_base_ids": ["x"], "query": "oil", "reranker": "rerank-2", "candidates": 5});
    let refused = app.client.post("/v1/search", body).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let found: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(
        found,
        ["reranker", "knowledge_base_ids.0", "candidates"],
        "all at once: {}",
        refused.text
    );
    assert_eq!(errors[0]["code"], "reranker_unavailable", "Voyage has no key");
    let other = app.client.knowledge_base("other").await;
    change(&app, &base, json!({"reranker": "rerank-v3.5"})).await;
    let mut body = wanted(&base);
    body["knowledge_base_ids"] = json!([base, other]);
    let refused = app.client.post("/v1/search", body).await;
    assert_eq!(refused.body["errors"][0]["code"], "conflict", "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rerankers_are_among_the_models() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(
        &vendor,
        "rerank-2",
        &[("models.rerankers.rerank-2-lite.offered", "false")],
    )
    .await;
    let listed = app.client.get("/v1/models").await;
    let find = |id: &str| {
        let mut models = listed.body["data"].as_array().unwrap().iter();
        models.find(|model| model["id"] == id).unwrap()
    };
    let expected = json!({"id": "rerank-2", "kind": "reranker", "provider": "voyage", "default": true, "dimensions": null, "max_tokens": 16_000,
        "chunk_tokens": null, "reads_images": false, "price_per_million_tokens": 0.05, "price_per_billion_pixels": 0.0, "price_per_thousand_searches": 0.0, "available": true, "unavailable_reason": null});
    assert_eq!(find("rerank-2"), &expected);
    assert_eq!(find("rerank-2-lite")["available"], false);
    assert!(!listed.text.contains("the-key-of"));
    app.finish().await;
}
