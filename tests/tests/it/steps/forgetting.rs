//! What was kept for an ingest that never succeeds does not stay.
use super::support::{Ailing, BATCH, SECTIONS, count, document, refuses, with_model};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::TestApp;

/// A document whose first two batches are embedded, and whose job is dead.
async fn half_ingested() -> (TestApp, Arc<Ailing>, String, Value) {
    let model = Ailing::after(2 * BATCH, refuses());
    let app = with_model(model.clone()).await;
    let base = app.client.knowledge_base("base").await;
    let job = app.client.ingest(&base, document(SECTIONS)).await;
    assert_eq!(job["state"], "dead", "{job}");
    assert_eq!(kept(&app).await, (2 * BATCH, 2));
    (app, model, base, job)
}

/// Vectors, and batches that were kept for a document that is not ready.
async fn kept(app: &TestApp) -> (usize, usize) {
    (count(app, "embeddings").await, count(app, "embeddings_ahead").await)
}

async fn deleted(app: &TestApp, path: &str) {
    let deletion = app.client.delete(path).await;
    assert_eq!(deletion.status.as_u16(), 202, "{}", deletion.text);
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_document_deletes_what_was_kept_for_it() {
    let (app, _, _, job) = half_ingested().await;
    deleted(&app, &format!("/v1/documents/{}", job["document_id"].as_str().unwrap())).await;
    assert_eq!(kept(&app).await, (0, 0));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_base_deletes_what_was_kept_for_its_documents() {
    let (app, _, base, _) = half_ingested().await;
    deleted(&app, &format!("/v1/knowledge-bases/{base}")).await;
    assert_eq!(kept(&app).await, (0, 0));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_becomes_ready_takes_over_what_was_kept_for_the_one_before() {
    let (app, model, base, _) = half_ingested().await;
    let before = model.embedded().len();
    let ready = app.client.ingest(&base, document(3)).await;
    assert_eq!(
        (&ready["state"], &ready["result"]["embedded"]),
        (&json!("succeeded"), &json!(0)),
        "{ready}"
    );
    assert_eq!(model.embedded().len(), before, "its texts were known");
    assert_eq!(kept(&app).await, (3, 0), "the others are nobody's");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_for_long_goes_but_for_what_others_have_come_to_need() {
    let (app, _, base, job) = half_ingested().await;
    let mut other = document(2);
    other["external_id"] = json!("other");
    assert_eq!(app.client.ingest(&base, other).await["result"]["embedded"], 0);
    let dispatch = &app.context.settings.dispatch;
    workers::sweep_all(&app.context.system, dispatch).await.unwrap();
    assert_eq!(kept(&app).await, (2 * BATCH, 2), "its time has not come");
    app.execute("UPDATE embeddings_ahead SET created_at = now() - interval '100 days'")
        .await;
    workers::sweep_all(&app.context.system, dispatch).await.unwrap();
    assert_eq!(kept(&app).await, (2, 0));

    let id = job["id"].as_str().unwrap();
    app.client.post(&format!("/v1/jobs/{id}/retry"), Value::Null).await;
    let retried = app.client.ended(id).await;
    assert_eq!(
        (&retried["state"], &retried["result"]["embedded"]),
        (&json!("succeeded"), &json!(SECTIONS - 2)),
        "{retried}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_one_batch_keeps_nothing_ahead() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    // Whoever writes there fails.
    app.execute("ALTER TABLE embeddings_ahead ADD CONSTRAINT nothing CHECK (false)")
        .await;
    let job = app.client.ingest(&base, document(BATCH)).await;
    assert_eq!(
        (&job["state"], &job["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{job}"
    );
    app.finish().await;
}
