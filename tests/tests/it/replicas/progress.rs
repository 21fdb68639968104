//! Whoever waits for a copy of a base to be built sees how far it is.
use super::ingest;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::{Value, json};
use std::time::Duration;
use store::vector_indexes::SERVER;
use tests::{QdrantDouble, TestApp, TestOptions, eventually};

const DOCUMENTS: [&str; 5] = ["lamps", "kettles", "ovens", "mirrors", "clocks"];

/// The whole system with a vector server, where every step of a rebuild is written down.
async fn start(server: &QdrantDouble) -> TestApp {
    let mut settings = server.settings();
    settings.push(("retrieval.progress_interval_ms", "0".to_owned()));
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A base whose documents are a step of a rebuild each, and have all changed under one number.
async fn base_in(app: &TestApp, vector_store: &str) -> String {
    let body = json!({"name": vector_store, "vector_store": vector_store});
    let made = app.client.post("/v1/knowledge-bases", body).await;
    let base = made.body["id"].as_str().unwrap().to_owned();
    for name in DOCUMENTS {
        ingest(app, &base, name, 1).await;
    }
    app.execute("UPDATE documents SET chunk_count = 6000").await;
    app.execute("UPDATE index_changes SET seq = (SELECT max(seq) FROM index_changes)")
        .await;
    base
}

/// From here on whoever writes down that two or four documents are done waits for [`go_on`].
async fn hold(app: &TestApp, of: &str) -> AsyncPgConnection {
    for statement in [
        "CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(4711, new.documents_done::int); RETURN new; END'"
            .to_owned(),
        format!(
            "CREATE TRIGGER wait_for_the_test BEFORE UPDATE ON replica_cursors FOR EACH ROW
             WHEN (new.slot_id {of} '{SERVER}' AND new.documents_done IS DISTINCT FROM old.documents_done AND new.documents_done IS NOT NULL)
             EXECUTE FUNCTION wait_for_the_test()"
        ),
    ] {
        app.execute(&statement).await;
    }
    let mut held = app.database.owner().await;
    held.batch_execute("SELECT pg_advisory_lock(4711, 2), pg_advisory_lock(4711, 4)")
        .await
        .unwrap();
    held
}

async fn go_on(held: &mut AsyncPgConnection, documents: i32) {
    held.batch_execute(&format!("SELECT pg_advisory_unlock(4711, {documents})"))
        .await
        .unwrap();
}

async fn copy(app: &TestApp, base: &str, kind: &str) -> Value {
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/replicas"))
        .await
        .body;
    let mut copies = listed["data"].as_array().unwrap().iter();
    copies.find(|copy| copy["kind"] == kind).cloned().unwrap_or_default()
}

/// Waits until a copy is as it should be.
async fn becomes(app: &TestApp, base: &str, kind: &str, state: &str, progress: Value) {
    let what = format!("the copy of kind {kind} is {state}, {progress}");
    eventually(&what, Duration::from_secs(20), async || {
        let copy = copy(app, base, kind).await;
        copy["state"] == state && copy["progress"] == progress
    })
    .await;
}

async fn rises(vector_store: &str, kind: &str, of: &str) {
    let server = QdrantDouble::start().await;
    let app = start(&server).await;
    let base = base_in(&app, vector_store).await;
    let mut held = hold(&app, of).await;
    let query = json!({"knowledge_base_ids": [base], "query": "lamps", "mode": "hybrid"});
    let search = app.client.post("/v1/search", query).await;
    let progress = |documents_done: i32| json!({"documents_done": documents_done, "documents": 5});
    becomes(&app, &base, kind, "behind", progress(1)).await;
    go_on(&mut held, 2).await;
    becomes(&app, &base, kind, "behind", progress(3)).await;
    go_on(&mut held, 4).await;
    becomes(&app, &base, kind, "current", Value::Null).await;
    let id = search.body["id"].as_str().unwrap();
    app.client.ended_within(id, Duration::from_secs(60)).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_built_shows_how_many_documents_it_has_by_then() {
    rises("embedded", "process", "<>").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_on_the_vector_server_that_is_built_shows_the_same() {
    rises("qdrant", "vector_server", "=").await;
}
