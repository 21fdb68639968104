use super::support::{document, states, steps, submit, with_model};
use async_trait::async_trait;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use jobs::Pool;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::{HashingEmbedder, TestApp, TestOptions, eventually};
use tokio::sync::Semaphore;

/// Embeds only when it is let to.
struct Held {
    words: HashingEmbedder,
    open: Semaphore,
}

#[async_trait]
impl Embedder for Held {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        drop(self.open.acquire().await.unwrap());
        self.words.embed(texts).await
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.words.count_tokens(text)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_listed_from_before_the_first_is_taken_until_all_are_done() {
    let model = Arc::new(Held {
        words: HashingEmbedder::new("all-MiniLM-L6-v2"),
        open: Semaphore::new(0),
    });
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        embedder: Some(model.clone()),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let job = submit(&app, &base, document(3)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let names = ["fetch", "parse", "chunk", "embed", "index", "verify"];
    assert_eq!(
        states(&steps(&app, &job).await),
        names.map(|name| format!("{name} pending"))
    );

    app.start_workers(Pool::ALL.to_vec());
    let embedding = [
        "fetch done 1",
        "parse done 1",
        "chunk done 1",
        "embed running 1",
        "index pending",
        "verify pending",
    ];
    let (app_, job_) = (&app, &job);
    let shown = || async move { states(&steps(app_, job_).await) == embedding };
    eventually("it is shown where the job is", Duration::from_secs(20), shown).await;
    model.open.add_permits(1);
    assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    let done = steps(&app, &job).await;
    assert_eq!(states(&done), names.map(|name| format!("{name} done 1")));
    let details: Vec<&Value> = done.iter().map(|step| &step["detail"]).collect();
    assert!(
        details[0]["bytes"].as_u64().is_some_and(|bytes| bytes > 1000),
        "{done:?}"
    );
    assert!(
        details[1]["blocks"].as_u64().is_some_and(|blocks| blocks >= 3),
        "{done:?}"
    );
    assert_eq!(
        details[2..],
        [
            &json!({"chunks": 3}),
            &json!({"chunks": 3, "to_embed": 3, "embedded": 3}),
            &json!({"chunks": 3}),
            &json!({"chunks": 3, "vectors": 3, "dimensions": 384})
        ]
    );
    for step in &done {
        assert_eq!((&step["run"], &step["error"]), (&json!(1), &Value::Null), "{step}");
        assert!(step["duration_ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{step}");
        assert!(step["ended_at"].as_str() >= step["started_at"].as_str(), "{step}");
    }

    let unchanged = submit(&app, &base, document(3)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.client.ended(&unchanged).await["result"]["unchanged"], true);
    let mut expected = names.map(|name| format!("{name} skipped"));
    expected[0] = "fetch done 1".to_owned();
    assert_eq!(states(&steps(&app, &unchanged).await), expected);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_one_piece_has_no_steps_and_another_tenants_job_is_not_there() {
    let model = Arc::new(HashingEmbedder::new("all-MiniLM-L6-v2"));
    let app = with_model(model).await;
    let noop = app
        .client
        .post("/v1/jobs", json!({"kind": "diagnostics.noop"}))
        .await
        .body;
    assert_eq!(steps(&app, noop["id"].as_str().unwrap()).await, Vec::<Value>::new());
    let base = app.client.knowledge_base("base").await;
    let job = app.client.ingest(&base, document(1)).await;
    let path = format!("/v1/jobs/{}/steps", job["id"].as_str().unwrap());
    app.client_b.get(&path).await.expect_problem(404, "not_found");
    let nobodys = format!("/v1/jobs/{}/steps", uuid::Uuid::now_v7());
    app.client.get(&nobodys).await.expect_problem(404, "not_found");
    app.client.ended(noop["id"].as_str().unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_in_which_its_job_is_cancelled_is_to_be_taken_again() {
    let model = Arc::new(Held {
        words: HashingEmbedder::new("all-MiniLM-L6-v2"),
        open: Semaphore::new(0),
    });
    let app = TestApp::start_with(TestOptions {
        settings: vec![("dispatch.lease_secs", "1".to_owned())],
        embedder: Some(model),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let job = submit(&app, &base, document(3)).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (app_, job_) = (&app, &job);
    let embedding = || async move { steps(app_, job_).await[3]["state"] == "running" };
    eventually("it embeds", Duration::from_secs(20), embedding).await;
    app.client.post(&format!("/v1/jobs/{job}/cancel"), Value::Null).await;
    assert_eq!(app.client.ended(&job).await["state"], "cancelled");
    assert_eq!(
        states(&steps(&app, &job).await),
        [
            "fetch done 1",
            "parse done 1",
            "chunk done 1",
            "embed pending",
            "index pending",
            "verify pending"
        ]
    );
    app.finish().await;
}
