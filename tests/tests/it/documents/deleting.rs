//! Deleting a document, or a whole base, leaves nothing of it.
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::TestApp;

const EVERYWHERE: [&str; 7] = [
    "documents",
    "document_versions",
    "chunks",
    "embeddings",
    "blobs",
    "blob_parts",
    "index_changes",
];

async fn ingest(app: &TestApp, base: &str, external_id: &str) -> String {
    let content = format!("The lantern called {external_id} burns whale oil.");
    let document =
        json!({"title": external_id, "content": content, "mime_type": "text/plain", "external_id": external_id});
    app.client.ingest(base, document).await["document_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn delete(app: &TestApp, path: &str) -> Value {
    let deleted = app.client.delete(path).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job
}

/// How many results each mode has.
async fn found(app: &TestApp, base: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for mode in ["hybrid", "keyword", "vector"] {
        let found = app
            .client
            .search(json!({"knowledge_base_ids": [base], "query": "lantern whale oil", "mode": mode}))
            .await;
        counts.push(found["results"].as_array().unwrap().len());
    }
    counts
}

fn folders_named(below: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        if entry.file_name() == name {
            found.push(entry.path());
        }
        found.extend(folders_named(&entry.path(), name));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_leaves_rows_blobs_vectors_and_searches() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let (gone, kept) = (ingest(&app, &base, "amber").await, ingest(&app, &base, "basalt").await);
    assert_eq!(found(&app, &base).await, [2, 2, 2]);
    delete(&app, &format!("/v1/documents/{gone}")).await;
    for path in [format!("/v1/documents/{gone}"), format!("/v1/documents/{gone}/chunks")] {
        app.client.get(&path).await.expect_problem(404, "not_found");
    }
    app.client
        .delete(&format!("/v1/documents/{gone}"))
        .await
        .expect_problem(404, "not_found");
    assert_eq!(found(&app, &base).await, [1, 1, 1]);
    for table in &EVERYWHERE[..6] {
        assert_eq!(
            app.count(&format!("SELECT count(*) FROM {table}")).await,
            1,
            "{table} keeps the other document's row and no more"
        );
    }
    assert_eq!(
        app.client.get(&format!("/v1/documents/{kept}")).await.body["state"],
        "ready"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_is_free_again_at_once() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = ingest(&app, &base, "amber").await;
    let deletion = app.client.delete(&format!("/v1/documents/{first}")).await;
    let second = ingest(&app, &base, "amber").await;
    assert_ne!(first, second);
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    assert_eq!(found(&app, &base).await, [1, 1, 1]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_deleted_before_it_was_ingested_never_appears() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let submitted = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{base}/documents"),
            json!({"title": "t", "content": "The lantern burns whale oil.", "mime_type": "text/plain"}),
        )
        .await;
    delete(
        &app,
        &format!("/v1/documents/{}", submitted.body["document_id"].as_str().unwrap()),
    )
    .await;
    app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(found(&app, &base).await, [0, 0, 0]);
    for table in &EVERYWHERE[..6] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_base_is_hidden_at_once_and_then_gone_with_all_that_was_in_it() {
    let app = TestApp::start().await;
    let (base, other) = (
        app.client.knowledge_base("base").await,
        app.client.knowledge_base("other").await,
    );
    let document = ingest(&app, &base, "amber").await;
    ingest(&app, &other, "basalt").await;
    assert_eq!(
        (found(&app, &base).await, found(&app, &other).await),
        (vec![1, 1, 1], vec![1, 1, 1])
    );
    assert_eq!(folders_named(app.data.path(), &base).len(), 1);
    let deleted = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    for path in [
        format!("/v1/knowledge-bases/{base}"),
        format!("/v1/knowledge-bases/{base}/documents"),
        format!("/v1/documents/{document}"),
    ] {
        app.client.get(&path).await.expect_problem(404, "not_found");
    }
    app.client
        .post("/v1/search", json!({"knowledge_base_ids": [base], "query": "q"}))
        .await
        .expect_problem(404, "not_found");
    app.client
        .post(
            &format!("/v1/knowledge-bases/{base}/documents"),
            json!({"title": "t", "content": "c", "mime_type": "text/plain"}),
        )
        .await
        .expect_problem(404, "not_found");
    app.client
        .delete(&format!("/v1/knowledge-bases/{base}"))
        .await
        .expect_problem(404, "not_found");
    let again = app.client.post("/v1/knowledge-bases", json!({"name": "base"})).await;
    assert_eq!(again.status.as_u16(), 201, "its name is free: {}", again.text);

    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    for table in EVERYWHERE {
        assert_eq!(
            app.count(&format!("SELECT count(*) FROM {table}")).await,
            1,
            "{table} keeps the other base's row and no more"
        );
    }
    assert_eq!(found(&app, &other).await, [1, 1, 1]);
    app.finish().await;
}
