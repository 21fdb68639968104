use super::support::{Ailing, BATCH, SECTIONS, away, count, document, refuses, states, steps, submit, with_model};
use async_trait::async_trait;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tests::{HashingEmbedder, TestApp};
use tokio::sync::Semaphore;

/// All of it is served, each text was embedded once, and nothing is left of what was kept meanwhile.
async fn assert_complete(app: &TestApp, model: &Ailing, base: &str, job: &Value) {
    assert_eq!(
        (&job["state"], &job["result"]["chunks"]),
        (&json!("succeeded"), &json!(SECTIONS)),
        "{job}"
    );
    let embedded = model.embedded();
    let different: HashSet<&String> = embedded.iter().collect();
    assert_eq!(
        (embedded.len(), different.len()),
        (SECTIONS, SECTIONS),
        "a text was embedded again"
    );
    assert_eq!(
        (
            count(app, "chunks").await,
            count(app, "embeddings").await,
            count(app, "embeddings_ahead").await
        ),
        (SECTIONS, SECTIONS, 0)
    );
    for word in ["word3", "word199"] {
        let found = app
            .client
            .search(json!({"knowledge_base_ids": [base], "query": word, "mode": "vector", "limit": 1}))
            .await;
        let text = found["results"][0]["text"].as_str().unwrap();
        assert!(text.contains(&format!("{word} ")), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_whose_embedding_fails_midway_embeds_only_the_rest_when_it_is_taken_up_again() {
    let model = Ailing::after(2 * BATCH, away());
    let app = with_model(model.clone()).await;
    let base = app.client.knowledge_base("base").await;
    let job = app.client.ingest(&base, document(SECTIONS)).await;
    assert_eq!(job["attempt"], 2, "{job}");
    assert_eq!(job["attempts"][0]["error"]["step"], "embed", "{job}");
    assert_eq!(job["result"]["embedded"], SECTIONS - 2 * BATCH, "{job}");
    assert_complete(&app, &model, &base, &job).await;
    let steps = steps(&app, job["id"].as_str().unwrap()).await;
    assert_eq!(
        states(&steps),
        [
            "fetch done 2",
            "parse done 2",
            "chunk done 2",
            "embed done 2",
            "index done 2",
            "verify done 2"
        ]
    );
    let rest = SECTIONS - 2 * BATCH;
    assert_eq!(
        steps[3]["detail"],
        json!({"chunks": SECTIONS, "to_embed": rest, "embedded": rest})
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_ingest_names_its_step_and_goes_on_there_when_it_is_retried_by_hand() {
    let model = Ailing::after(2 * BATCH, refuses());
    let app = with_model(model.clone()).await;
    let base = app.client.knowledge_base("base").await;
    let dead = app.client.ingest(&base, document(SECTIONS)).await;
    let id = dead["id"].as_str().unwrap();
    assert_eq!(
        (&dead["state"], &dead["error"]["step"]),
        (&json!("dead"), &json!("embed")),
        "{dead}"
    );
    let letters = app.client.get("/v1/dead-letters").await.body;
    assert_eq!(letters["data"][0]["error"], dead["error"], "{letters}");
    let failed = steps(&app, id).await;
    assert_eq!(
        states(&failed),
        [
            "fetch done 1",
            "parse done 1",
            "chunk done 1",
            "embed failed 1",
            "index pending",
            "verify pending"
        ]
    );
    assert_eq!(
        (&failed[3]["error"], &failed[3]["detail"]["embedded"]),
        (&dead["error"], &json!(2 * BATCH))
    );
    assert_eq!(count(&app, "chunks").await, 0, "nothing of it is served");

    let retried = app.client.post(&format!("/v1/jobs/{id}/retry"), Value::Null).await;
    assert_eq!(retried.status.as_u16(), 202, "{}", retried.text);
    let job = app.client.ended(id).await;
    assert_complete(&app, &model, &base, &job).await;
    let again = steps(&app, id).await;
    assert_eq!((&again[3]["run"], &again[3]["state"]), (&json!(2), &json!("done")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_its_next_attempt_says_in_which_step_the_last_one_failed() {
    let slow = IntegrationError::RateLimited {
        system: "model".to_owned(),
        retry_after: Some(Duration::from_secs(3600)),
    };
    let app = with_model(Ailing::after(0, slow)).await;
    let base = app.client.knowledge_base("base").await;
    let job = submit(&app, &base, document(1)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let retryable = || async { app.client.get(&format!("/v1/jobs/{job}")).await.body["state"] == "retryable" };
    tests::eventually("the attempt has failed", Duration::from_secs(20), retryable).await;
    let why = app.client.get(&format!("/v1/jobs/{job}/why")).await.body;
    let detail = why["blocked_by"][0]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("Attempt 1 failed in step embed (integration)"),
        "{why}"
    );
    app.finish().await;
}

/// Takes the marked text only when it is let to.
struct Gate {
    words: HashingEmbedder,
    asked: Semaphore,
    open: Semaphore,
}

#[async_trait]
impl Embedder for Gate {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        if texts.iter().any(|text| text.contains("word1 ")) {
            self.asked.add_permits(1);
            drop(self.open.acquire().await.unwrap());
        }
        self.words.embed(texts).await
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.words.count_tokens(text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_replicas_could_not_read_as_it_was_written_is_not_served() {
    let gate = Arc::new(Gate {
        words: HashingEmbedder::new("all-MiniLM-L6-v2"),
        asked: Semaphore::new(0),
        open: Semaphore::new(0),
    });
    let app = with_model(gate.clone()).await;
    let base = app.client.knowledge_base("base").await;
    app.client.ingest(&base, document(1)).await;
    let job = submit(&app, &base, document(2)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    gate.asked.acquire().await.unwrap().forget();
    // The vector that it relies on turns into one of another model's length while it is being embedded.
    app.execute("UPDATE embeddings SET vector = '\\x0000803f0000803f'")
        .await;
    gate.open.add_permits(1);
    let ended = app.client.ended(&job).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(2)),
        "{ended}"
    );
    let error = &ended["attempts"][0]["error"];
    assert_eq!(
        (&error["code"], &error["step"]),
        (&json!("not_as_written"), &json!("verify")),
        "{ended}"
    );
    assert_eq!(ended["result"]["embedded"], 2, "the one that was spoilt too: {ended}");
    assert_eq!(
        app.count("SELECT count(*) FROM embeddings WHERE octet_length(vector) = 384 * 4")
            .await,
        2
    );
    assert_eq!(
        app.count("SELECT count(*) FROM index_changes").await,
        2,
        "replicas were told of one change a version"
    );
    app.finish().await;
}
