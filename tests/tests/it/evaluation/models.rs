//! Two embedding models of one base, compared before it is switched.
use super::support::{add, animals, evaluate, questions, test_set};
use jobs::Pool;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tests::{EmbeddingVendor, TestApp, TestOptions, eventually};
use workers::EmbeddingModels;

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_lets_a_base_switch_its_model_only_after_both_were_compared() {
    let vendor = EmbeddingVendor::start(256, 64).await;
    let mut settings = vendor.settings();
    settings.push(("retrieval.refresh_interval_secs", "1".to_owned()));
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let base = animals(&app.client).await;
    let model = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body["embedding_model"].clone();
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    let gate = app
        .client
        .request(Method::PUT, &format!("/v1/knowledge-bases/{base}/gate"));
    let gate = app.client.send(gate.json(&json!({ "test_set_id": set }))).await;
    assert_eq!(gate.status.as_u16(), 200, "{}", gate.text);

    let unknown = json!({"configurations": [{}, {"embedding_model": "mine"}]});
    let evaluations = format!("/v1/test-sets/{set}/evaluations");
    let refused = app.client.post(&evaluations, unknown).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["field"], "configurations.1.embedding_model");

    let migration = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let job = app.client.post(&migration, json!({"embedding_model": "mine"})).await;
    assert_eq!(
        app.client.ended(job.body["id"].as_str().unwrap()).await["state"],
        "succeeded"
    );
    let switch = async || app.client.post(&format!("{migration}/switch"), json!({})).await;
    eventually("the other index is built", Duration::from_secs(20), async || {
        let shown = app.client.get(&migration).await.body;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    switch().await.expect_problem(409, "gate_not_evaluated");

    let calls = vendor.calls().len();
    let evaluation = evaluate(&app, &set, json!([{}, {"embedding_model": "mine"}])).await;
    let named = evaluation["configurations"].as_array().unwrap().iter();
    let named: Vec<_> = named
        .map(|configuration| configuration["embedding_model"].clone())
        .collect();
    assert_eq!(named, [model, json!("mine")]);
    assert_eq!(
        vendor.calls().len(),
        calls + 8,
        "each question was put to the other model"
    );
    assert_eq!(
        evaluation["result"]["figures"][1]["ndcg@10"]["mean"], 1.0,
        "{evaluation}"
    );
    let switched = switch().await;
    assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    // The way back is open, evaluated or not.
    let back = app.client.post(&format!("{migration}/rollback"), json!({})).await;
    assert_eq!(
        (back.status.as_u16(), &back.body["state"]),
        (200, &json!("ready")),
        "{}",
        back.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_waits_for_a_worker_that_has_the_models_key() {
    let vendor = EmbeddingVendor::start(1536, 64).await;
    let settings = vec![
        ("models.openai.base_url", vendor.url.clone()),
        ("models.openai.api_key", "the-key-of-openai".to_owned()),
    ];
    let mut app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let body = json!({"name": "animals", "embedding_model": "text-embedding-3-small"});
    let base = app.client.post("/v1/knowledge-bases", body).await.body["id"].clone();
    let base = base.as_str().unwrap();
    let document =
        json!({"title": "badger", "content": "It digs.", "mime_type": "text/plain", "external_id": "badger"});
    app.client.ingest(base, document).await;
    let set = test_set(&app.client, base, "set").await;
    let question = json!([{"query": "who digs", "relevant": [{"external_id": "badger"}]}]);
    add(&app.client, &set, question).await;
    app.stop_workers().await;
    let with_key = app.context.models.clone();
    let mut models = app.context.settings.models.clone();
    models.openai.api_key = None;
    let locals = vec![app.context.embedder.clone()];
    app.context.models = EmbeddingModels::of(&models, locals, &app.context.http).unwrap();
    app.start_workers(Pool::ALL.to_vec());
    let body = json!({"configurations": [{}]});
    let job = app.client.post(&format!("/v1/test-sets/{set}/evaluations"), body).await;
    let job = job.body["id"].as_str().unwrap().to_owned();
    let why = format!("/v1/jobs/{job}/why");
    eventually("it waits for the key", Duration::from_secs(30), async || {
        let why = app.client.get(&why).await.body["blocked_by"][0].clone();
        let detail = why["detail"].as_str().unwrap_or_default();
        why["reason"] == "not_configured" && detail.contains("OPENAI_API_KEY")
    })
    .await;
    app.stop_workers().await;
    app.context.models = with_key;
    app.execute("UPDATE jobs SET run_at = now() WHERE state = 'scheduled'")
        .await;
    app.start_workers(Pool::ALL.to_vec());
    let ended = app.client.ended(&job).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_in_a_language_that_its_model_does_not_read_is_evaluated_as_it_is_searched() {
    let app = TestApp::start().await;
    let body = json!({"name": "Tiere", "language": "de"});
    let base = app.client.post("/v1/knowledge-bases", body).await.body["id"].clone();
    let base = base.as_str().unwrap();
    let document =
        json!({"title": "Dachs", "content": "Der Dachs gräbt.", "mime_type": "text/plain", "external_id": "badger"});
    app.client.ingest(base, document).await;
    let set = test_set(&app.client, base, "set").await;
    let question = json!([{"query": "Dachs", "relevant": [{"external_id": "badger"}]}]);
    add(&app.client, &set, question).await;
    let evaluation = evaluate(&app, &set, json!([{}])).await;
    let alpha = evaluation["configurations"][0]["alpha"].as_f64().unwrap();
    assert!(
        (alpha - 0.1).abs() < 1e-6,
        "retrieval.alpha_other_languages: {evaluation}"
    );
    app.finish().await;
}
