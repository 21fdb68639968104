use super::{app_with, base_in};
use serde_json::json;
use tests::{QdrantDouble, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_the_installation_has_not_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    for (store, code) in [("qdrant", "unavailable"), ("pinecone", "invalid")] {
        let refused = app
            .client
            .post("/v1/knowledge-bases", json!({"name": "base", "vector_store": store}))
            .await;
        refused.expect_problem(422, "invalid");
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!("vector_store"), &json!(code)),
            "{error}"
        );
    }
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let refused = app.client.post(&path, json!({"vector_store": "qdrant"})).await;
    refused.expect_problem(422, "invalid");
    assert!(refused.text.contains("qdrant.url"), "{}", refused.text);
    let refused = app.client.post(&path, json!({})).await;
    assert_eq!(
        refused.body["errors"][0]["field"], "embedding_model",
        "{}",
        refused.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_to_where_the_vectors_are_is_refused() {
    let server = QdrantDouble::start().await;
    let app = app_with(&server).await;
    let base = base_in(&app, "base", "qdrant").await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let refused = app.client.post(&path, json!({"vector_store": "qdrant"})).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["code"], "unchanged", "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_not_told_of_the_server_says_what_it_lacks() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    // As where one process was given `qdrant.url` and another was not.
    app.execute("UPDATE knowledge_bases SET vector_store = 'qdrant'").await;
    for mode in ["vector", "keyword"] {
        let query = json!({"knowledge_base_ids": [base], "query": "heron", "mode": mode});
        let failed = app.client.post("/v1/search", query).await.body;
        let error = &failed["error"];
        assert_eq!(
            (&failed["state"], &error["code"], &failed["attempt"]),
            (&json!("dead"), &json!("vector_server"), &json!(1)),
            "{failed}"
        );
        assert!(error["message"].as_str().unwrap().contains("qdrant.url"), "{error}");
    }
    // It holds nothing of the base, and no deletion waits for it.
    assert_eq!(app.count("SELECT count(*) FROM replica_cursors").await, 0);
    app.abandon().await;
}
