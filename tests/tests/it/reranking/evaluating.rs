//! What an evaluation gives a reranker is what a search would.
use super::{app_with, numbered};
use jobs::Pool;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{RerankMischief, RerankVendor, TestApp, eventually};
use workers::Rerankers;

/// The path of the evaluations of a new test set, which asks these about the base.
async fn asked(app: &TestApp, base: &str, queries: &[&str]) -> String {
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
    let questions = queries
        .iter()
        .map(|query| json!({"query": query, "relevant": [{"document_id": document}]}));
    let questions = json!({"questions": questions.collect::<Vec<_>>()});
    app.client
        .post(&format!("/v1/test-sets/{set}/questions"), questions)
        .await;
    format!("/v1/test-sets/{set}/evaluations")
}

fn reranked_once() -> Value {
    json!({"configurations": [{"mode": "keyword", "reranker": "rerank-2"}]})
}

/// Evaluates until the end, whatever it is; returns the job.
async fn evaluated(app: &TestApp, path: &str) -> Value {
    let evaluation = app.client.post(path, reranked_once()).await;
    assert_eq!(evaluation.status.as_u16(), 202, "{}", evaluation.text);
    let job = evaluation.body["id"].as_str().unwrap();
    app.client.ended_within(job, Duration::from_secs(60)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_waits_for_a_vendor_that_asks_for_it_and_uses_no_attempt() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[("governor.longest_snooze_secs", "1")]).await;
    let base = numbered(&app, "base", 1..=3).await;
    let path = asked(&app, &base, &["whale oil", "oil", "lamp", "whale", "glass", "copper"]).await;
    vendor.expect([RerankMischief::Refusal(429, Some(("retry-after", "2")))]);
    let ended = evaluated(&app, &path).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    // The question that was refused was asked again, and not scored in another order.
    let calls = vendor.calls();
    let refused = &calls[0].body["query"];
    let asked = calls.iter().filter(|call| &call.body["query"] == refused).count();
    assert_eq!(asked, 2, "{refused}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_ends_where_no_other_attempt_would_do_better() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=3).await;
    let path = asked(&app, &base, &["whale oil"]).await;
    vendor.expect([RerankMischief::Refusal(401, None)]);
    let ended = evaluated(&app, &path).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("dead"), &json!(1)),
        "{ended}"
    );
    assert_eq!(ended["error"]["code"], "integration", "{ended}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_waits_for_a_worker_that_has_the_rerankers_key() {
    let vendor = RerankVendor::start(100).await;
    let mut app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=3).await;
    let path = asked(&app, &base, &["whale oil"]).await;
    app.stop_workers().await;
    let with_key = app.context.rerankers.clone();
    let mut models = app.context.settings.models.clone();
    models.voyage.api_key = None;
    app.context.rerankers = Rerankers::of(&models, &app.context.http).unwrap();
    app.start_workers(Pool::ALL.to_vec());
    let evaluation = app.client.post(&path, reranked_once()).await;
    let job = evaluation.body["id"].as_str().unwrap().to_owned();
    let why = format!("/v1/jobs/{job}/why");
    eventually("it waits for the key", Duration::from_secs(30), async || {
        let why = app.client.get(&why).await.body["blocked_by"][0].clone();
        why["reason"] == "not_configured"
            && why["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("VOYAGE_API_KEY"))
    })
    .await;
    app.stop_workers().await;
    app.context.rerankers = with_key;
    app.execute("UPDATE jobs SET run_at = now() WHERE state = 'scheduled'")
        .await;
    app.start_workers(Pool::ALL.to_vec());
    let ended = app.client.ended_within(&job, Duration::from_secs(60)).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_measured_with_as_many_reranked_chunks_as_it_says() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=16).await;
    let path = asked(&app, &base, &["whale oil"]).await;
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
