//! What was deleted leaves every row and every file.
use super::support::{SENTINEL, columns_with_sentinel, complete, delete, document, files_with_sentinel, ingest, start};
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tests::{TestApp, eventually};

async fn search(app: &TestApp, base: &str) -> usize {
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "meters wing"}))
        .await;
    found["results"].as_array().unwrap().len()
}

/// Two documents in the base, found and quoted by an answer; the replica was closed and opened once, so that all its files are there.
async fn used(app: &TestApp) -> (String, String) {
    let base = app.client.knowledge_base("base").await;
    let gone = ingest(&app.client, &base, "amber").await;
    let kept = json!({"title": "Bat", "content": "A bat measures thirty centimeters from wing to wing.", "mime_type": "text/plain", "external_id": "bat"});
    app.client.ingest(&base, kept).await;
    assert_eq!(search(app, &base).await, 2);
    let question =
        json!({"knowledge_base_ids": [base], "question": "How many meters does amber measure from wing to wing?"});
    let answer = app.client.post_waiting("/v1/answers", question, 20).await.body;
    assert!(
        answer["result"]["answer"].as_str().unwrap().contains(SENTINEL),
        "{answer}"
    );
    (base, gone)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_and_no_file_keeps_a_word_of_a_deleted_document() {
    let app = start().await;
    let (base, gone) = used(&app).await;
    let before = columns_with_sentinel(&app.database.owner_url).await;
    for column in [
        "blob_parts.bytes",
        "chunks.text",
        "documents.metadata",
        "job_bodies.result",
    ] {
        assert!(before.iter().any(|found| found == column), "{column}: {before:?}");
    }
    assert!(!files_with_sentinel(app.data.path()).is_empty(), "the replica holds it");
    // One folder, of the layout's version.
    let folder = app.data.path().join(format!("replicas/0/{}/{base}", app.tenant));
    let layout = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let vectors = layout.path().join("vectors.f16");
    let vector_bytes = || std::fs::metadata(&vectors).unwrap().len();
    let vectors_before = vector_bytes();
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    let receipt = complete(&app.client, &id).await;
    assert_eq!(receipt["replicas"].as_array().map(Vec::len), Some(1), "{receipt}");
    assert_eq!(
        columns_with_sentinel(&app.database.owner_url).await,
        Vec::<String>::new()
    );
    assert_eq!(files_with_sentinel(app.data.path()), Vec::<String>::new());
    assert_eq!(
        2 * vector_bytes(),
        vectors_before,
        "the other document's vector is left"
    );
    assert_eq!(search(&app, &base).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_switched_off_before_it_is_deleted_leaves_no_file_with_a_word_of_it() {
    let app = start().await;
    let (base, gone) = used(&app).await;
    let off = app.client.request(Method::PATCH, &format!("/v1/documents/{gone}"));
    let off = app.client.send(off.json(&json!({"enabled": false}))).await;
    assert_eq!(off.status.as_u16(), 200, "{}", off.text);
    // The replica has taken it out, and may have left its words where they were.
    assert_eq!(search(&app, &base).await, 1);
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    complete(&app.client, &id).await;
    assert_eq!(
        columns_with_sentinel(&app.database.owner_url).await,
        Vec::<String>::new()
    );
    assert_eq!(files_with_sentinel(app.data.path()), Vec::<String>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_closed_since_forgets_it_when_it_is_opened_again() {
    let mut app = start().await;
    let (base, gone) = used(&app).await;
    // All of it goes to the disk, and nobody looks after it.
    app.stop_workers().await;
    app.context.replicas.close().await;
    app.start_workers(vec![jobs::Pool::General]);
    let id = delete(&app.client, &format!("/v1/documents/{gone}")).await;
    app.client.ended(&id).await;
    eventually("it is gone from the database", Duration::from_secs(20), async || {
        super::support::receipt(&app.client, &id).await["state"] == "erasing"
    })
    .await;
    assert!(
        files_with_sentinel(app.data.path())
            .iter()
            .any(|file| file.ends_with("documents.jsonl"))
    );
    app.stop_workers().await;
    app.context.replicas = workers::Replicas::new(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    );
    app.context.replicas.keep_fresh(&app.context.system);
    app.start_workers(jobs::Pool::ALL.to_vec());
    complete(&app.client, &id).await;
    assert_eq!(files_with_sentinel(app.data.path()), Vec::<String>::new());
    assert_eq!(search(&app, &base).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_and_no_file_keeps_a_word_of_a_deleted_base() {
    let app = start().await;
    let (base, _) = used(&app).await;
    let id = delete(&app.client, &format!("/v1/knowledge-bases/{base}")).await;
    let receipt = complete(&app.client, &id).await;
    assert_eq!(receipt["erased"]["documents"], 2, "{receipt}");
    assert_eq!(
        columns_with_sentinel(&app.database.owner_url).await,
        Vec::<String>::new()
    );
    assert_eq!(files_with_sentinel(app.data.path()), Vec::<String>::new());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_deleted_while_it_is_ingested_leaves_nothing() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let mut deletions = Vec::new();
    let mut ingests = Vec::new();
    for number in 0..20 {
        let submitted = app
            .client
            .post(
                &format!("/v1/knowledge-bases/{base}/documents"),
                document(&number.to_string(), &json!({"public": true})),
            )
            .await;
        ingests.push(submitted.body["id"].as_str().unwrap().to_owned());
        let document = submitted.body["document_id"].as_str().unwrap().to_owned();
        // Some are caught before, some in the middle, some after.
        tokio::time::sleep(Duration::from_millis(number * 4)).await;
        deletions.push(delete(&app.client, &format!("/v1/documents/{document}")).await);
    }
    for job in &ingests {
        assert_eq!(app.client.ended(job).await["state"], "succeeded");
    }
    for id in &deletions {
        let receipt = complete(&app.client, id).await;
        assert_eq!(receipt["erased"]["documents"], 1, "{receipt}");
    }
    assert_eq!(search(&app, &base).await, 0);
    assert_eq!(
        columns_with_sentinel(&app.database.owner_url).await,
        Vec::<String>::new()
    );
    assert_eq!(files_with_sentinel(app.data.path()), Vec::<String>::new());
    assert_eq!(app.count("SELECT count(*) FROM embeddings").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_while_its_base_is_deleted_leaves_no_bytes() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let batch = app.client.post("/v1/batches", json!({"name": "b", "open": true})).await;
    let batch = batch.body["id"].as_str().unwrap().to_owned();
    // The document's row and its bytes are written, and not committed: the batch is waited for.
    let mut conn = app.database.owner().await;
    conn.batch_execute(&format!("BEGIN; SELECT FROM batches WHERE id = '{batch}' FOR UPDATE"))
        .await
        .unwrap();
    let (client, path) = (app.client.clone(), format!("/v1/knowledge-bases/{base}/documents"));
    let mut late = document("late", &json!({"public": true}));
    late["batch_id"] = json!(batch);
    let submitted = tokio::spawn(async move { client.post(&path, late).await });
    eventually("the submission waits", Duration::from_secs(10), async || {
        app.waiting_backends().await == 1
    })
    .await;
    let id = delete(&app.client, &format!("/v1/knowledge-bases/{base}")).await;
    eventually("the deletion waits for it", Duration::from_secs(10), async || {
        app.waiting_backends().await == 2
    })
    .await;
    conn.batch_execute("ROLLBACK").await.unwrap();
    let submitted = submitted.await.unwrap();
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    let receipt = complete(&app.client, &id).await;
    assert_eq!(receipt["erased"]["files"], 1, "{receipt}");
    assert_eq!(app.count("SELECT count(*) AS count FROM blob_parts").await, 0);
    app.abandon().await;
}
