//! What is sent to each vendor, and what its stand-in answers, against the vendor's own description.
use super::{app_with, numbered, numbers, wanted};
use crate::embedding::openapi::{conforms, request_schema, response_schema, specification};
use serde_json::json;
use tests::RerankVendor;

#[tokio::test(flavor = "multi_thread")]
async fn voyage_gets_what_its_description_asks_for_and_what_it_bills_is_written_down() {
    let vendor = RerankVendor::start(1000).await;
    let price = ("models.rerankers.rerank-2.price_micros_per_million_tokens", "1000000");
    let app = app_with(&vendor, "rerank-2", &[price]).await;
    let base = numbered(&app, "base", 1..=2).await;
    let answered = app.client.post_waiting("/v1/search", wanted(&base), 20).await;
    let result = &answered.body["result"];
    assert_eq!(
        (numbers(result), &result["reranker"]),
        (vec![2, 1], &json!("rerank-2")),
        "{result}"
    );
    let calls = vendor.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].path, "/voyage/v1/rerank");
    assert_eq!(calls[0].headers["authorization"], "Bearer the-key-of-voyage");
    assert_eq!(
        (&calls[0].body["model"], &calls[0].body["query"]),
        (&json!("rerank-2"), &json!("whale oil"))
    );
    assert!(
        calls[0].body["documents"][0]
            .as_str()
            .unwrap()
            .starts_with("lamp\nThe lamp burns")
    );
    // "whale oil" twice, "lamp", and the words of both documents.
    let billed = 4 + 2 + (5 + 4 + 1) + (5 + 8 + 1);
    assert_eq!(
        answered.body["cost"],
        json!({"micros": billed, "currency": "USD"}),
        "{}",
        answered.text
    );
    let budgets = app.client.get("/v1/budgets").await;
    assert_eq!(budgets.body["data"][0]["credential"], "voyage", "{}", budgets.text);
    assert_eq!(budgets.body["data"][0]["today"]["tokens"], billed, "{}", budgets.text);
    if let Some(described) = specification("voyage.yaml") {
        conforms(
            &described,
            request_schema(&described, "/rerank"),
            &calls[0].body,
            "body",
        );
        // What the vendor's stand-in says is what the vendor would.
        let answers = vendor.answers();
        assert_eq!(answers.len(), 1);
        conforms(
            &described,
            response_schema(&described, "/rerank"),
            &answers[0],
            "answer",
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cohere_gets_what_its_documentation_asks_for_and_bills_searches() {
    let vendor = RerankVendor::start(1000).await;
    let app = app_with(&vendor, "rerank-v3.5", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    let answered = app.client.post_waiting("/v1/search", wanted(&base), 20).await;
    assert_eq!(numbers(&answered.body["result"]), [2, 1], "{}", answered.text);
    assert_eq!(
        answered.body["cost"]["micros"], 2_000,
        "two dollars for a thousand: {}",
        answered.text
    );
    let calls = vendor.calls();
    assert_eq!(calls[0].path, "/cohere/v2/rerank");
    assert_eq!(calls[0].headers["authorization"], "Bearer the-key-of-cohere");
    let expected = json!({
        "model": "rerank-v3.5", "query": "whale oil", "top_n": 2, "max_tokens_per_doc": 4096,
        "documents": ["lamp\nThe lamp burns whale oil and glass and copper 1", "lamp\nThe lamp burns whale oil and glass and copper and glass and copper 2"],
    });
    assert_eq!(calls[0].body, expected);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_beyond_the_vendors_limits_and_no_passage_is_left_out() {
    let vendor = RerankVendor::start(3).await;
    let limits = [
        ("models.rerankers.rerank-2.batch_texts", "3"),
        ("models.rerankers.rerank-2.max_tokens", "40"),
        ("models.rerankers.rerank-2.query_tokens", "8"),
    ];
    let app = app_with(&vendor, "rerank-2", &limits).await;
    let base = numbered(&app, "base", 1..=8).await;
    let mut body = wanted(&base);
    body["limit"] = json!(10);
    body["query"] = json!("whale oil ".repeat(40).trim());
    let found = app.client.search(body).await;
    assert_eq!(
        (found["results"].as_array().unwrap().len(), &found["reranker"]),
        (8, &json!("rerank-2")),
        "{found}"
    );
    let calls = vendor.calls();
    assert_eq!(calls.len(), 3, "eight passages, three at a time");
    for call in &calls {
        let texts = call.body["documents"].as_array().unwrap();
        assert!(
            texts.iter().all(|text| text.as_str().unwrap().len() <= 4 * 32),
            "cut: {call:?}"
        );
        assert!(call.body["query"].as_str().unwrap().len() <= 4 * 8, "cut: {call:?}");
    }
    app.finish().await;
}
