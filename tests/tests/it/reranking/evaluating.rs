//! What an evaluation gives a reranker is what a search would.
use super::{app_with, numbered};
use serde_json::{Value, json};
use tests::RerankVendor;

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_measured_with_as_many_reranked_chunks_as_it_says() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=16).await;
    let set = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/test-sets"), json!({"name": "oil"}))
        .await;
    let set = set.body["id"].as_str().unwrap();
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents"))
        .await
        .body;
    let document = listed["data"][0]["id"].clone();
    let questions = json!({"questions": [{"query": "whale oil", "relevant": [{"document_id": document}]}]});
    app.client
        .post(&format!("/v1/test-sets/{set}/questions"), questions)
        .await;
    let path = format!("/v1/test-sets/{set}/evaluations");
    let reranked = |more: Value| {
        let mut configuration = json!({"mode": "keyword", "reranker": "rerank-2"});
        configuration
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        configuration
    };
    for configurations in [
        vec![json!({"rerank_candidates": 12}), json!({"rerank_candidates": 3})],
        vec![json!({"rerank_candidates": 50, "candidates": 10})],
    ] {
        let configurations: Vec<Value> = configurations.into_iter().map(reranked).collect();
        let body = json!({ "configurations": configurations });
        let evaluated = app.client.post_waiting(&path, body, 20).await;
        assert_eq!(evaluated.body["state"], "succeeded", "{}", evaluated.text);
    }
    let given = |call: &Value| call["documents"].as_array().unwrap().len();
    let calls: Vec<usize> = vendor.calls().iter().map(|call| given(&call.body)).collect();
    // Ten are asked for, so that fewer would leave some of those unordered; and for fifty, fifty are proposed.
    assert_eq!(calls, [12, 10, 16]);
    app.finish().await;
}
