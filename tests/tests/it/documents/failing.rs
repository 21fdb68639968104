//! A submission that cannot be ingested says why, and harms nothing that was there.
use async_trait::async_trait;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::{HashingEmbedder, TestApp, TestOptions};

async fn ingest(app: &TestApp, base: &str, content: &str) -> Value {
    let document = json!({"title": "Lantern", "content": content, "mime_type": "text/html", "external_id": "a"});
    app.client.ingest(base, document).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_document_says_why() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "<p>…</p>").await;
    assert_eq!(
        (&job["state"], &job["error"]["code"], &job["attempt"]),
        (&json!("dead"), &json!("no_text"), &json!(1)),
        "{job}"
    );
    let document = app
        .client
        .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(
        (&document["state"], &document["error"], &document["ready_version"]),
        (&json!("failed"), &job["error"], &Value::Null)
    );
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern"}))
        .await;
    assert_eq!(found["results"], json!([]));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_fails_leaves_the_one_before_searchable() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "<p>The lantern burns whale oil.</p>").await;
    let failed = ingest(&app, &base, "<p>…</p>").await;
    let path = format!("/v1/documents/{}", failed["document_id"].as_str().unwrap());
    let document = app.client.get(&path).await.body;
    assert_eq!(
        (&document["state"], &document["version"], &document["ready_version"]),
        (&json!("failed"), &json!(2), &json!(1)),
        "{document}"
    );
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "whale"}))
        .await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    let repaired = ingest(&app, &base, "<p>The lantern burns paraffin.</p>").await;
    assert_eq!(repaired["state"], "succeeded");
    let document = app.client.get(&path).await.body;
    assert_eq!(
        (&document["state"], &document["ready_version"], &document["error"]),
        (&json!("ready"), &json!(3), &Value::Null),
        "{document}"
    );
    app.abandon().await;
}

/// Does not answer in time, so many times.
struct Moody {
    words: HashingEmbedder,
    failures_left: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Embedder for Moody {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        use std::sync::atomic::Ordering::SeqCst;
        let fails = self
            .failures_left
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
            .is_ok();
        if fails {
            return Err(IntegrationError::Timeout {
                system: "model".to_owned(),
            });
        }
        self.words.embed(texts).await
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.words.count_tokens(text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_away_for_a_moment_is_tried_again_and_nothing_is_stored_twice() {
    let moody = Moody {
        words: HashingEmbedder::new("all-MiniLM-L6-v2"),
        failures_left: 2.into(),
    };
    let app = TestApp::start_with(TestOptions {
        embedder: Some(Arc::new(moody)),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "<p>The lantern burns whale oil.</p>").await;
    assert_eq!(
        (&job["state"], &job["attempt"]),
        (&json!("succeeded"), &json!(3)),
        "{job}"
    );
    assert_eq!(app.count("SELECT count(*) FROM chunks").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM index_changes").await, 1);
    app.finish().await;
}
