//! Submissions of one document that are ingested in another order than they came.
use async_trait::async_trait;
use diesel_async::SimpleAsyncConnection;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use jobs::Pool;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::{HashingEmbedder, TestApp, TestOptions};
use tokio::sync::Semaphore;

async fn submit(app: &TestApp, base: &str, fuel: &str) -> String {
    let content = format!("The lantern burns {fuel}.");
    let document = json!({"title": "Lantern", "content": content, "mime_type": "text/plain", "external_id": "a"});
    let submitted = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
        .await;
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn assert_served(app: &TestApp, base: &str, late: &Value) {
    assert_eq!(
        (&late["state"], &late["result"]["superseded"]),
        (&json!("succeeded"), &json!(true)),
        "{late}"
    );
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern"}))
        .await;
    let texts: Vec<_> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["The lantern burns paraffin."]);
    assert_eq!(app.count("SELECT count(*) FROM chunks").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_submission_that_starts_after_the_newer_was_ready_does_nothing() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let (older, newer) = (
        submit(&app, &base, "whale oil").await,
        submit(&app, &base, "paraffin").await,
    );
    let hold = format!("UPDATE jobs SET state = 'scheduled', run_at = now() + interval '1 hour' WHERE id = '{older}'");
    app.database.owner().await.batch_execute(&hold).await.unwrap();
    app.start_workers(Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&newer).await["state"], "succeeded");
    let release = format!("UPDATE jobs SET run_at = now() WHERE id = '{older}'");
    app.database.owner().await.batch_execute(&release).await.unwrap();
    assert_served(&app, &base, &app.client.ended(&older).await).await;
    app.finish().await;
}

/// Takes whale oil only when it is let to.
struct Hesitant {
    words: HashingEmbedder,
    asked: Semaphore,
    allowed: Semaphore,
}

#[async_trait]
impl Embedder for Hesitant {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        if texts.iter().any(|text| text.contains("whale")) {
            self.asked.add_permits(1);
            self.allowed.acquire().await.unwrap().forget();
        }
        self.words.embed(texts).await
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.words.count_tokens(text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_submission_that_is_overtaken_while_it_is_embedded_does_not_overwrite_the_newer() {
    let hesitant = Arc::new(Hesitant {
        words: HashingEmbedder::new("all-MiniLM-L6-v2"),
        asked: Semaphore::new(0),
        allowed: Semaphore::new(0),
    });
    let embedder: Arc<dyn Embedder> = hesitant.clone();
    let app = TestApp::start_with(TestOptions {
        embedder: Some(embedder),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let older = submit(&app, &base, "whale oil").await;
    hesitant.asked.acquire().await.unwrap().forget();
    let newer = submit(&app, &base, "paraffin").await;
    assert_eq!(app.client.ended(&newer).await["state"], "succeeded");
    hesitant.allowed.add_permits(1);
    assert_served(&app, &base, &app.client.ended(&older).await).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_submission_leaves_the_title_of_the_one_that_waits_behind_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let document = |title: &str, fuel: &str| json!({"title": title, "content": format!("The lantern burns {fuel}."), "mime_type": "text/plain", "external_id": "a"});
    let first = app.client.ingest(&base, document("Lantern", "paraffin")).await;
    app.client.post("/v1/pauses", json!({"kind": "ingest_document"})).await;
    let same = app.client.post(&path, document("Lantern", "paraffin")).await;
    let newer = app.client.post(&path, document("Lamp", "whale oil")).await;
    assert_eq!(newer.status.as_u16(), 202, "{}", newer.text);
    let same = same.body["id"].as_str().unwrap().to_owned();
    app.client.post(&format!("/v1/jobs/{same}/run"), Value::Null).await;
    assert_eq!(app.client.ended(&same).await["result"]["unchanged"], true);
    let shown = app
        .client
        .get(&format!("/v1/documents/{}", first["document_id"].as_str().unwrap()))
        .await;
    assert_eq!(shown.body["title"], "Lamp", "{}", shown.text);
    app.abandon().await;
}
