//! Vectors are kept by text: one goes with the last document that says so, whatever else is going on.
use super::support::{complete, delete, start};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use std::time::Duration;
use tests::{TestApp, eventually};

const EMBEDDINGS: &str = "SELECT count(*) FROM embeddings";

async fn twin(app: &TestApp, base: &str, external_id: &str) -> String {
    let document = json!({"title": "Lantern", "content": "The lantern burns whale oil.", "mime_type": "text/plain", "external_id": external_id});
    app.client.ingest(base, document).await["document_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_stays_while_another_document_needs_it() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let (one, two) = (twin(&app, &base, "one").await, twin(&app, &base, "two").await);
    assert_eq!(app.count(EMBEDDINGS).await, 1, "they say the same");
    let first = delete(&app.client, &format!("/v1/documents/{one}")).await;
    let receipt = complete(&app.client, &first).await;
    assert_eq!(
        (&receipt["erased"]["chunks"], &receipt["erased"]["embeddings"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(app.count(EMBEDDINGS).await, 1);
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern", "mode": "vector"}))
        .await;
    assert_eq!(found["results"][0]["document_id"], two.as_str());
    let second = delete(&app.client, &format!("/v1/documents/{two}")).await;
    assert_eq!(complete(&app.client, &second).await["erased"]["embeddings"], 1);
    assert_eq!(app.count(EMBEDDINGS).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_that_was_locked_when_its_last_document_went_goes_afterwards_and_the_receipt_waits() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let document = twin(&app, &base, "one").await;
    // As another deletion, or an ingest that relies on it, would hold it.
    let mut holder = AsyncPgConnection::establish(&app.database.owner_url).await.unwrap();
    holder
        .batch_execute("BEGIN; SELECT FROM embeddings FOR SHARE")
        .await
        .unwrap();
    let id = delete(&app.client, &format!("/v1/documents/{document}")).await;
    app.client.ended(&id).await;
    assert_eq!(app.count(EMBEDDINGS).await, 1, "it is locked");
    assert_eq!(app.count("SELECT count(*) FROM unused_embeddings").await, 1);
    assert_eq!(super::support::receipt(&app.client, &id).await["state"], "erasing");
    holder.batch_execute("ROLLBACK").await.unwrap();
    complete(&app.client, &id).await;
    assert_eq!(app.count(EMBEDDINGS).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM unused_embeddings").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_that_are_deleted_together_leave_no_vector_and_one_that_comes_meanwhile_has_its_own() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    for round in 0..8 {
        let mut ids = Vec::new();
        for number in 0..4 {
            ids.push(twin(&app, &base, &format!("{round} {number}")).await);
        }
        let paths: Vec<String> = ids.iter().map(|id| format!("/v1/documents/{id}")).collect();
        let deletions = futures::future::join_all(paths.iter().map(|path| delete(&app.client, path)));
        let coming = format!("{round} comes");
        let (deletions, comes) = tokio::join!(deletions, twin(&app, &base, &coming));
        for id in &deletions {
            app.client.ended(id).await;
        }
        let ready = app.client.get(&format!("/v1/documents/{comes}")).await;
        assert_eq!(ready.body["state"], "ready", "{}", ready.text);
        assert_eq!(app.count(EMBEDDINGS).await, 1, "it is there for the one that came");
        let last = delete(&app.client, &format!("/v1/documents/{comes}")).await;
        app.client.ended(&last).await;
        eventually("no vector is left", Duration::from_secs(20), async || {
            app.count(EMBEDDINGS).await == 0
        })
        .await;
    }
    app.finish().await;
}
