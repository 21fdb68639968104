//! The bodies that clients build on, whole. A change here is a change of the contract.
use super::redact::redacted;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{TestApp, eventually, far_ahead};

async fn with_document(app: &TestApp) -> (String, Value) {
    let base = app.client.knowledge_base("Help centre").await;
    let document = json!({"title": "Lantern", "content": "# Lantern\n\n## Battery\n\nThe lantern burns for 36 hours. It is charged in 3 hours.",
        "mime_type": "text/markdown", "external_id": "lantern", "metadata": {"product": "lantern", "year": 2026}, "acl": {"users": ["ann"], "groups": ["staff"]}});
    let job = app.client.ingest(&base, document).await;
    (base, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn knowledge_bases_documents_and_chunks_look_like_this() {
    let app = TestApp::start().await;
    let (base, job) = with_document(&app).await;
    let document = job["document_id"].as_str().unwrap();
    insta::assert_json_snapshot!(
        "knowledge_base",
        redacted(&app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body)
    );
    insta::assert_json_snapshot!(
        "document",
        redacted(&app.client.get(&format!("/v1/documents/{document}")).await.body)
    );
    insta::assert_json_snapshot!(
        "chunks",
        redacted(&app.client.get(&format!("/v1/documents/{document}/chunks")).await.body)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_document_looks_like_this() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("Help centre").await;
    let job = app
        .client
        .ingest(
            &base,
            json!({"title": "Empty", "content": "<p>…</p>", "mime_type": "text/html"}),
        )
        .await;
    let document = app
        .client
        .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
        .await
        .body;
    insta::assert_json_snapshot!("failed_document", redacted(&document));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_look_like_this_in_every_state() {
    let app = TestApp::start().await;
    let (_, mut job) = with_document(&app).await;
    // Written down while it runs, if it runs for long enough.
    job["progress"] = Value::Null;
    insta::assert_json_snapshot!("succeeded_job", redacted(&job));
    let dead = app
        .client
        .post_waiting(
            "/v1/jobs",
            json!({"kind": "diagnostics.fail", "payload": {"permanent": true}}),
            20,
        )
        .await;
    insta::assert_json_snapshot!("dead_job", redacted(&dead.body));
    let running = app
        .client
        .post(
            "/v1/jobs",
            json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}, "priority": 0}),
        )
        .await;
    let running = format!("/v1/jobs/{}", running.body["id"].as_str().unwrap());
    eventually("it runs", Duration::from_secs(10), async || {
        app.client.get(&running).await.body["state"] == "running"
    })
    .await;
    let mut shown = app.client.get(&running).await.body;
    shown["progress"] = Value::Null;
    insta::assert_json_snapshot!("running_job", redacted(&shown));
    let scheduled = app
        .client
        .post("/v1/jobs", json!({"kind": "diagnostics.noop", "run_at": far_ahead()}))
        .await;
    insta::assert_json_snapshot!("scheduled_job", redacted(&scheduled.body));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_looks_like_this() {
    let app = TestApp::start().await;
    let noop = json!({"kind": "diagnostics.noop"});
    let batch = json!({"name": "Nightly", "jobs": [noop, noop], "on_complete": noop});
    let ended = app.client.post_waiting("/v1/batches", batch, 20).await;
    assert_eq!(ended.status.as_u16(), 200, "{}", ended.text);
    insta::assert_json_snapshot!("batch", redacted(&ended.body));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_an_answer_and_a_check_look_like_this() {
    let app = TestApp::start().await;
    let (base, _) = with_document(&app).await;
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern hours", "explain": true}))
        .await;
    insta::assert_json_snapshot!("search_result", redacted(&found));
    let answered = app
        .client
        .post_waiting(
            "/v1/answers",
            json!({"knowledge_base_ids": [base], "question": "How long does the lantern burn?"}),
            20,
        )
        .await;
    insta::assert_json_snapshot!("answer", redacted(&answered.body["result"]));
    let empty = app.client.knowledge_base("Empty").await;
    let abstained = app
        .client
        .post_waiting(
            "/v1/answers",
            json!({"knowledge_base_ids": [empty], "question": "How long does the lantern burn?"}),
            20,
        )
        .await;
    insta::assert_json_snapshot!("abstention", redacted(&abstained.body["result"]));
    let check = json!({"response": "The lantern burns for 72 hours.", "sources": ["The lantern burns for 36 hours."]});
    let checked = app.client.post_waiting("/v1/checks", check, 20).await;
    insta::assert_json_snapshot!("check", redacted(&checked.body["result"]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_describes_these_operations_and_schemas() {
    let app = TestApp::start().await;
    let document = app.client.with_key(None).get("/v1/openapi.json").await.body;
    let mut outline = serde_json::Map::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<_> = parameters
                .map(|parameter| {
                    format!(
                        "{} {}",
                        parameter["in"].as_str().unwrap(),
                        parameter["name"].as_str().unwrap()
                    )
                })
                .collect();
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
            outline.insert(
                format!("{method} {path}"),
                json!({"operation": operation["operationId"], "parameters": parameters, "statuses": statuses}),
            );
        }
    }
    insta::assert_json_snapshot!("openapi_operations", outline);
    insta::assert_json_snapshot!("openapi_schemas", document["components"]["schemas"]);
    app.finish().await;
}

#[test]
fn the_default_configuration_is_this() {
    // What operators override, by name and value; comments are free to change.
    let defaults: toml::Value = toml::from_str(config::DEFAULT_TOML).unwrap();
    insta::assert_json_snapshot!("default_configuration", defaults);
}
