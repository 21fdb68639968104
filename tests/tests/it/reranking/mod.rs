//! Rerankers behind APIs: fake vendors on loopback that behave as the real ones do. A local one is in `models::reranking`.
mod choosing;
mod command_line;
mod contracts;
mod evaluating;
mod failures;
mod searching;

use serde_json::{Value, json};
use tests::{RerankVendor, TestApp, TestOptions};

/// The system with the vendor as Cohere and Voyage, and the reranker as the installation's.
async fn app_with(vendor: &RerankVendor, reranker: &str, more: &[(&'static str, &str)]) -> TestApp {
    let mut settings = vec![
        ("models.cohere.base_url", vendor.cohere_url.clone()),
        ("models.cohere.api_key", "the-key-of-cohere".to_owned()),
        ("models.voyage.base_url", vendor.voyage_url.clone()),
        ("models.voyage.api_key", "the-key-of-voyage".to_owned()),
        ("retrieval.reranker", reranker.to_owned()),
    ];
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A base with a document for each number; the fused order of a search for `whale oil` has the lowest number first, for the others have more words.
async fn numbered(app: &TestApp, name: &str, numbers: impl IntoIterator<Item = usize>) -> String {
    let base = app.client.knowledge_base(name).await;
    for number in numbers {
        let more = "and glass and copper ".repeat(number);
        let content = format!("The lamp burns whale oil {more}{number}");
        let document = json!({"title": "lamp", "content": content, "mime_type": "text/plain"});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    base
}

fn wanted(base: &str) -> Value {
    json!({"knowledge_base_ids": [base], "query": "whale oil", "rerank": true, "limit": 3})
}

/// The numbers of the documents found, the best first.
fn numbers(found: &Value) -> Vec<usize> {
    let texts = found["results"].as_array().unwrap().iter();
    texts
        .map(|hit| {
            let text = hit["text"].as_str().unwrap();
            text.rsplit(' ').next().unwrap().parse().unwrap()
        })
        .collect()
}
