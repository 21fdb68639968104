//! Knowledge bases whose vectors are on a Qdrant server: a double of its own protocol, or the one that QDRANT_URL names.
mod contract;
mod following;
mod moving;
mod refusals;
mod resuming;

use serde_json::{Value, json};
use tests::{QdrantDouble, TestApp, TestOptions};

/// The system with the server; copies are looked after every second once a test has them looked after.
async fn app_with(server: &QdrantDouble) -> TestApp {
    let mut settings = server.settings();
    settings.push(("retrieval.refresh_interval_secs", "1".to_owned()));
    start(settings).await
}

async fn start(settings: Vec<(&'static str, String)>) -> TestApp {
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A new base of the app's first tenant, by its id.
async fn base_in(app: &TestApp, name: &str, store: &str) -> String {
    let body = json!({ "name": name, "vector_store": store });
    let made = app.client.post("/v1/knowledge-bases", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    assert_eq!(made.body["vector_store"], store);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Ingests a document, which must work, and returns its id.
async fn ingest(app: &TestApp, base: &str, title: &str, content: &str) -> String {
    let document = json!({"title": title, "content": content, "mime_type": "text/markdown", "external_id": title});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

async fn search(app: &TestApp, base: &str, words: &str) -> Value {
    let query = json!({"knowledge_base_ids": [base], "query": words, "mode": "vector", "limit": 5});
    app.client.search(query).await
}

/// The titles that a vector search finds, the best first.
async fn titles(app: &TestApp, base: &str, words: &str) -> Vec<String> {
    let found = search(app, base, words).await;
    assert_eq!(found["stale"], false, "{found}");
    titles_of(&found)
}

fn titles_of(found: &Value) -> Vec<String> {
    let results = found["results"].as_array().unwrap().iter();
    results.map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
}
