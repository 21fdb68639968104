use super::{DIMENSIONS, app_with, base_of};
use serde_json::{Value, json};
use tests::{EmbeddingVendor, TestApp};

fn model<'l>(listed: &'l Value, id: &str) -> &'l Value {
    let models = listed["data"].as_array().unwrap();
    models.iter().find(|model| model["id"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_its_key_is_listed_with_the_reason_and_refused() {
    let app = TestApp::start().await;
    let listed = app.client.get("/v1/models").await;
    let local = model(&listed.body, "all-MiniLM-L6-v2");
    assert_eq!(
        (&local["default"], &local["available"], &local["dimensions"]),
        (&json!(true), &json!(true), &json!(384)),
        "{local}"
    );
    let openai = model(&listed.body, "text-embedding-3-large");
    assert_eq!(openai["available"], false);
    assert_eq!(openai["price_per_million_tokens"], 0.13);
    let reason = openai["unavailable_reason"].as_str().unwrap();
    assert!(reason.contains("OPENAI_API_KEY"), "{reason}");
    for (name, code) in [
        ("text-embedding-3-large", "model_unavailable"),
        ("gpt-9", "unknown_model"),
    ] {
        let body = json!({"name": "base", "embedding_model": name});
        let refused = app.client.post("/v1/knowledge-bases", body).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("embedding_model"), &json!(code)),
            "{error}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_key_a_model_is_offered_unless_the_operator_takes_it_off() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.text-embedding-3-large.offered", "false")]).await;
    let listed = app.client.get("/v1/models").await;
    assert_eq!(model(&listed.body, "text-embedding-3-small")["available"], true);
    assert_eq!(model(&listed.body, "text-embedding-3-large")["available"], false);
    assert!(!listed.text.contains("the-key-of") && !listed.text.contains("a-key-of-mine"));
    base_of(&app, "mine").await;
    app.finish().await;
}
