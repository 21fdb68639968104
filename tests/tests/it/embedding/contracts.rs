//! What is sent to each vendor, and what its stand-in answers, against the vendor's own description.
use super::openapi::{conforms, request_schema, response_schema, specification};
use super::{app_with, base_of, submit};
use serde_json::{Value, json};
use tests::{EmbeddingVendor, VendorCall};

/// A call, and what was answered.
struct Exchange {
    call: VendorCall,
    answer: Value,
}

impl Exchange {
    fn header(&self, name: &str) -> &str {
        self.call.headers[name].to_str().unwrap()
    }
}

/// Ingests and searches with the model at a vendor with such vectors; returns the two calls: of the document and of the query.
async fn calls(model: &str, dimensions: usize, price: u64) -> (Exchange, Exchange) {
    let vendor = EmbeddingVendor::start(dimensions, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, model).await;
    let job = submit(&app, &base, "The lamp burns whale oil.").await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    // "Lantern", and the five words.
    let billed = (6 * price).div_ceil(1_000_000);
    assert_eq!(ended["cost"], json!({"micros": billed, "currency": "USD"}), "{ended}");
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "whale oil", "mode": "vector"}))
        .await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    let (calls, answers) = (vendor.calls(), vendor.answers());
    assert_eq!((calls.len(), answers.len()), (2, 2), "{calls:?}");
    let mut both = calls
        .into_iter()
        .zip(answers)
        .map(|(call, answer)| Exchange { call, answer });
    let (document, query) = (both.next().unwrap(), both.next().unwrap());
    app.finish().await;
    (document, query)
}

fn check(file: &str, path: &str, exchanges: [&Exchange; 2]) {
    let Some(described) = specification(file) else { return };
    for Exchange { call, answer } in exchanges {
        conforms(&described, request_schema(&described, path), &call.body, "body");
        conforms(&described, response_schema(&described, path), answer, "answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_gets_what_its_description_asks_for() {
    let (document, query) = calls("text-embedding-3-small", 1536, 20_000).await;
    assert_eq!(document.call.path, "/v1/embeddings");
    assert_eq!(document.header("authorization"), "Bearer the-key-of-openai");
    assert_eq!(document.call.body["dimensions"], 1536);
    assert_eq!(query.call.body["input"], json!(["whale oil"]));
    check("openai.yaml", "/embeddings", [&document, &query]);
}

/// An endpoint of the operator's that speaks OpenAI's protocol: not asked for a number of dimensions, which few of them know.
#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_openais_protocol_gets_what_openais_description_asks_for() {
    let (document, query) = calls("mine", super::DIMENSIONS, 1_000_000).await;
    assert_eq!(document.call.path, "/v1/embeddings");
    assert_eq!(document.header("authorization"), "Bearer a-key-of-mine");
    let expected = json!({"model": "mine", "input": ["whale oil"], "encoding_format": "float"});
    assert_eq!(query.call.body, expected);
    check("openai.yaml", "/embeddings", [&document, &query]);
}

#[tokio::test(flavor = "multi_thread")]
async fn voyage_gets_what_its_description_asks_for() {
    let (document, query) = calls("voyage-3-large", 1024, 180_000).await;
    assert_eq!(document.header("authorization"), "Bearer the-key-of-voyage");
    let purposes = [&document, &query].map(|of| of.call.body["input_type"].clone());
    assert_eq!(purposes, ["document", "query"]);
    let truncation = [&document, &query].map(|of| of.call.body["truncation"].clone());
    assert_eq!(truncation, [false, true], "only a question may be cut");
    check("voyage.yaml", "/embeddings", [&document, &query]);
}

#[tokio::test(flavor = "multi_thread")]
async fn voyages_multimodal_model_gets_pieces() {
    let (document, query) = calls("voyage-multimodal-3", 1024, 120_000).await;
    assert_eq!(document.call.path, "/v1/multimodalembeddings");
    let pieces = json!([{"content": [{"type": "text", "text": "whale oil"}]}]);
    assert_eq!(query.call.body["inputs"], pieces);
    check("voyage.yaml", "/multimodalembeddings", [&document, &query]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gemini_gets_what_its_description_asks_for() {
    let (document, query) = calls("gemini-embedding-001", 1536, 150_000).await;
    assert_eq!(document.call.path, "/v1/models/gemini-embedding-001:batchEmbedContents");
    assert_eq!(document.header("x-goog-api-key"), "the-key-of-gemini");
    let tasks = [&document, &query].map(|of| of.call.body["requests"][0]["taskType"].clone());
    assert_eq!(tasks, ["RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"]);
    check(
        "gemini.yaml",
        "/models/{modelsId}:batchEmbedContents",
        [&document, &query],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cohere_gets_what_its_documentation_asks_for() {
    let (document, query) = calls("embed-v4.0", 1536, 120_000).await;
    assert_eq!(document.call.path, "/v1/embed");
    assert_eq!(document.header("authorization"), "Bearer the-key-of-cohere");
    let expected: Value = json!({
        "model": "embed-v4.0", "texts": ["whale oil"], "input_type": "search_query", "embedding_types": ["float"], "truncate": "END",
        "output_dimension": 1536,
    });
    assert_eq!(query.call.body, expected);
    assert_eq!(document.call.body["input_type"], "search_document");
    assert_eq!(document.call.body["truncate"], "NONE");
}
