use super::{collection, document, found, ingest, listed};
use crate::deletions::guards::{hold_back, let_go};
use crate::deletions::support::{complete, delete, receipt, start};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_collection_takes_its_documents_with_it_at_once() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    for number in 0..3 {
        ingest(&app.client, &base, &format!("quay {number}"), Some(&harbour)).await;
    }
    ingest(&app.client, &base, "forest", None).await;
    assert_eq!(found(&app.client, &base, json!({})).await.len(), 4);

    let pause = hold_back(&app, "delete_collection").await;
    let job = delete(&app.client, &format!("/v1/collections/{harbour}")).await;
    assert_eq!(found(&app.client, &base, json!({})).await, ["On forest"]);
    let gone = app.client.get(&format!("/v1/collections/{harbour}")).await;
    gone.expect_problem(404, "not_found");
    let again = app.client.delete(&format!("/v1/collections/{harbour}")).await;
    again.expect_problem(404, "not_found");
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let late = app.client.post(&path, document("late", Some(&harbour))).await;
    late.expect_problem(404, "not_found");
    collection(&app.client, &base, "Harbour").await;

    let_go(&app, &pause).await;
    assert_eq!(app.client.ended(&job).await["result"], json!({"documents": 3}));
    let receipt = complete(&app.client, &job).await;
    assert_eq!(
        (&receipt["kind"], &receipt["target_id"], &receipt["erased"]["documents"]),
        (&json!("collection"), &json!(harbour), &json!(3)),
        "{receipt}"
    );
    let left = format!("SELECT count(*) AS count FROM collections WHERE id = '{harbour}'");
    assert_eq!(app.count(&left).await, 0);
    assert_eq!(listed(&app.client, &base, "limit=10").await, ["On forest"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_kept_are_in_no_collection_afterwards() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let quay = ingest(&app.client, &base, "quay", Some(&harbour)).await;
    // A replica has it as it is now.
    assert_eq!(
        found(&app.client, &base, json!({"collection_ids": [harbour]})).await,
        ["On quay"]
    );
    let pause = hold_back(&app, "delete_collection").await;
    let job = delete(&app.client, &format!("/v1/collections/{harbour}?keep_documents=true")).await;
    ingest(&app.client, &base, "mole", None).await;
    let_go(&app, &pause).await;
    assert_eq!(app.client.ended(&job).await["result"], json!({"documents": 1}));
    let shown = app.client.get(&format!("/v1/documents/{quay}")).await.body;
    assert_eq!(
        (&shown["state"], &shown["collection_id"]),
        (&json!("ready"), &Value::Null)
    );
    let nowhere = json!({"filter": {"$collection_id": {"exists": false}}});
    assert_eq!(found(&app.client, &base, nowhere).await, ["On mole", "On quay"]);
    let receipt = receipt(&app.client, &job).await;
    assert_eq!(receipt["erased"]["documents"], 0, "{receipt}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_put_there_while_a_deletion_begins_is_not_left_behind() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let quay = ingest(&app.client, &base, "quay", None).await;
    // The submission has put the document there, and cannot store its bytes yet.
    let mut conn = app.database.owner().await;
    conn.batch_execute("BEGIN; LOCK TABLE blobs IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let (documents, client) = (format!("/v1/knowledge-bases/{base}/documents"), app.client.clone());
    let put_there = document("quay", Some(&harbour));
    let submitted = tokio::spawn(async move { client.post(&documents, put_there).await });
    eventually("the submission waits", Duration::from_secs(10), async || {
        app.waiting_backends().await == 1
    })
    .await;
    let (path, client) = (format!("/v1/collections/{harbour}"), app.client.clone());
    let deleted = tokio::spawn(async move { client.delete(&path).await });
    eventually("the deletion waits for it", Duration::from_secs(10), async || {
        app.waiting_backends().await == 2
    })
    .await;
    conn.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(submitted.await.unwrap().status.as_u16(), 202);
    let deleted = deleted.await.unwrap();
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    let gone = app.client.get(&format!("/v1/documents/{quay}")).await;
    assert_eq!(gone.body["state"], "deleting", "{}", gone.text);
    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(job["result"], json!({"documents": 1}));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_goes_with_its_collections() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    ingest(&app.client, &base, "quay", Some(&harbour)).await;
    let pause = hold_back(&app, "delete_knowledge_base").await;
    let job = delete(&app.client, &format!("/v1/knowledge-bases/{base}")).await;
    let gone = app.client.get(&format!("/v1/collections/{harbour}")).await;
    gone.expect_problem(404, "not_found");
    let_go(&app, &pause).await;
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    assert_eq!(app.count("SELECT count(*) AS count FROM collections").await, 0);
    app.finish().await;
}
