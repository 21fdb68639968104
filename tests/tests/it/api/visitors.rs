//! What a visitor of a page is told of work that failed.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, Client, EmbeddingMischief, EmbeddingVendor, TestApp, TestOptions};

const SAID_BY_VENDOR: &str = "Incorrect API key provided: sk-4711";

async fn from_page(page: &Client, method: Method, path: &str, body: &Value) -> Answered {
    let request = page.request(method, path).header("origin", "http://localhost");
    let request = if body.is_null() { request } else { request.json(body) };
    page.send(request.header("prefer", "wait=20")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_vendors_workers_or_costs_is_told_to_a_visitor() {
    let vendor = EmbeddingVendor::start(256, 64).await;
    let settings = vendor.settings();
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let named = json!({"name": "base", "embedding_model": "mine"});
    let base = app.client.post("/v1/knowledge-bases", named).await.body["id"].clone();
    let refusal = json!({"error": {"message": SAID_BY_VENDOR}});
    vendor.expect(std::iter::repeat_n(EmbeddingMischief::Refusal(401, None, refusal), 8));
    let page = app.client.with_key(Some(&app.publishable_key));
    let asked = json!({"knowledge_base_ids": [base], "query": "lantern"});
    let failed = from_page(&page, Method::POST, "/v1/search", &asked).await;
    assert_eq!(failed.body["state"], "dead", "{}", failed.text);
    let path = format!("/v1/jobs/{}", failed.body["id"].as_str().unwrap());

    let ours = app.client.get(&path).await;
    assert!(ours.text.contains(SAID_BY_VENDOR), "{}", ours.text);
    for told in [&failed, &from_page(&page, Method::GET, &path, &Value::Null).await] {
        assert!(!told.text.contains("4711"), "{}", told.text);
        assert_eq!((&told.body["attempts"], &told.body["cost"]), (&json!([]), &Value::Null));
        let error = &told.body["error"];
        assert_eq!(
            (&error["code"], &error["retryable"]),
            (&ours.body["error"]["code"], &ours.body["error"]["retryable"])
        );
        assert!(error["message"].is_string(), "{error}");
    }
    for list in ["effects", "steps"] {
        let refused = from_page(&page, Method::GET, &format!("{path}/{list}"), &Value::Null).await;
        refused.expect_problem(403, "forbidden");
    }
    let attempts = format!("{path}/attempts");
    let told = from_page(&page, Method::GET, &attempts, &Value::Null).await;
    assert_eq!(told.body["data"], json!([]), "{}", told.text);
    assert_ne!(app.client.get(&attempts).await.body["data"], json!([]));
    let others = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let others = format!("/v1/jobs/{}/attempts", others.body["id"].as_str().unwrap());
    let refused = from_page(&page, Method::GET, &others, &Value::Null).await;
    refused.expect_problem(404, "not_found");
    app.abandon().await;
}
