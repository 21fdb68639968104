use super::{hook, run_job};
use crate::collections::collection;
use serde_json::{Value, json};
use tests::{Received, Receiver, TestApp, TestOptions, far_ahead};

fn types(received: &[Received]) -> Vec<String> {
    let mut types: Vec<String> = received
        .iter()
        .map(|one| one.json()["type"].as_str().unwrap().to_owned())
        .collect();
    types.sort();
    types
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_job_is_told_signed_so_that_others_can_verify_it() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.*"]).await;
    let job = run_job(&app, "diagnostics.sleep", json!({"ms": 1})).await;
    let told = receiver.receive(1).await.remove(0);
    assert!(told.is_signed_by(&hook.secret), "{told:?}");
    assert!(!told.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let age = chrono::Utc::now().timestamp() - told.header("webhook-timestamp").parse::<i64>().unwrap();
    assert!((0..30).contains(&age), "{age}");
    assert_eq!(told.header("content-type"), "application/json");

    let (body, shown) = (told.json(), app.client.get(&format!("/v1/jobs/{job}")).await.body);
    assert_eq!(body["type"], "job.succeeded");
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{body}");
    for field in [
        "id",
        "kind",
        "pool",
        "state",
        "attempt",
        "max_attempts",
        "error",
        "created_at",
        "started_at",
        "finished_at",
    ] {
        assert_eq!(body["data"][field], shown[field], "{field}");
    }
    assert_eq!(body["data"]["url"], format!("/v1/jobs/{job}"));
    assert!(body["data"].get("result").is_none(), "{body}");

    let delivery = hook.in_state(&app.client, "delivered").await;
    assert_eq!(delivery["id"], told.header("webhook-id"));
    assert_eq!((&delivery["type"], &delivery["data"]), (&body["type"], &body["data"]));
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(
        (attempts.len(), &attempts[0]["status"], &attempts[0]["error"]),
        (1, &json!(200), &Value::Null)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_go_with_their_collection_are_told_one_by_one() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let mut documents = Vec::new();
    for number in 0..3 {
        let content = format!("The quay {number} is long.");
        let document =
            json!({"title": "t", "mime_type": "text/markdown", "content": content, "collection_id": harbour});
        documents.push(app.client.ingest(&base, document).await["document_id"].clone());
    }
    let hook = hook(&app.client, &receiver, &["document.*"]).await;
    // One that is for other kinds of jobs is told nothing.
    let other = json!({"url": receiver.url, "events": ["*"], "kinds": ["delete_document"]});
    assert_eq!(app.client.post("/v1/webhooks", other).await.status.as_u16(), 201);
    let job = app.client.delete(&format!("/v1/collections/{harbour}")).await.body;
    let told: Vec<Value> = receiver.receive(3).await.iter().map(Received::json).collect();
    for one in &told {
        assert_eq!(
            (&one["type"], &one["data"]["state"], &one["data"]["job_id"]),
            (&json!("document.deleted"), &json!("deleted"), &job["id"])
        );
        assert!(documents.contains(&one["data"]["id"]), "{one}");
    }
    app.client.ended(job["id"].as_str().unwrap()).await;
    hook.in_state(&app.client, "delivered").await;
    assert_eq!(receiver.received().len(), 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_does_not_wait_for_the_reconcilers_tick() {
    let (app, receiver) = tokio::join!(
        TestApp::start_with(TestOptions {
            settings: vec![("dispatch.reconcile_interval_ms", "60000".to_owned())],
            ..TestOptions::default()
        }),
        Receiver::start(&[]),
    );
    hook(&app.client, &receiver, &["*"]).await;
    run_job(&app, "diagnostics.noop", json!({})).await;
    assert_eq!(types(&receiver.receive(1).await), ["job.succeeded"]);
    // The other way to end: in the transaction of what the job wrote.
    let base = app.client.knowledge_base("base").await;
    let document = json!({"title": "t", "content": "<p>The lantern burns.</p>", "mime_type": "text/html"});
    app.client.ingest(&base, document).await;
    assert_eq!(
        types(&receiver.receive(3).await),
        ["document.ready", "job.succeeded", "job.succeeded"]
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_become_ready_fail_and_go_are_told() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    hook(&app.client, &receiver, &["document.*"]).await;
    let base = app.client.knowledge_base("base").await;
    let document = |content: &str| json!({"title": "t", "content": content, "mime_type": "text/html"});
    let ready = app.client.ingest(&base, document("<p>The lantern burns.</p>")).await;
    let failed = app.client.ingest(&base, document("<p>…</p>")).await;
    let path = format!("/v1/documents/{}", ready["document_id"].as_str().unwrap());
    let deleted = app.client.delete(&path).await.body;
    let told = receiver.receive(3).await;
    assert_eq!(types(&told), ["document.deleted", "document.failed", "document.ready"]);
    for one in told.iter().map(Received::json) {
        let (state, job) = match one["type"].as_str().unwrap() {
            "document.ready" => ("ready", &ready),
            "document.failed" => ("failed", &failed),
            _ => ("deleted", &deleted),
        };
        let data = &one["data"];
        assert_eq!(
            (&data["state"], &data["id"], &data["job_id"]),
            (&json!(state), &job["document_id"], &job["id"])
        );
        assert_eq!(
            data["error"]["code"],
            if state == "failed" {
                json!("no_text")
            } else {
                Value::Null
            }
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_webhook_wants_is_told_and_never_searches_or_deliveries() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let body = json!({"url": receiver.url, "events": ["job.cancelled", "job.succeeded"], "kinds": ["diagnostics.noop", "search_knowledge"]});
    let made = app.client.post("/v1/webhooks", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    hook(&app.client_b, &receiver, &["*"]).await;
    let base = app.client.knowledge_base("base").await;
    app.client
        .search(json!({"knowledge_base_ids": [base], "query": "x"}))
        .await;
    run_job(&app, "diagnostics.sleep", json!({"ms": 1})).await;
    run_job(&app, "diagnostics.fail", json!({"permanent": true})).await;
    let later = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let later = app.client.post("/v1/jobs", later).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.client.post(&format!("/v1/jobs/{later}/cancel"), json!({})).await;
    run_job(&app, "diagnostics.noop", json!({})).await;
    receiver.receive(2).await;
    assert_eq!(
        app.count("SELECT count(*) FROM webhook_deliveries").await,
        2,
        "the cancelled and the succeeded noop; nothing of the search, of other kinds, of deliveries, and nothing for B"
    );
    assert_eq!(types(&receiver.received()), ["job.cancelled", "job.succeeded"]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_comes_whatever_the_webhook_is_subscribed_to() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let tried = app.client.post(&hook.path("/test"), json!({})).await;
    assert_eq!(
        (tried.status.as_u16(), &tried.body["state"]),
        (202, &json!("pending")),
        "{}",
        tried.text
    );
    let told = receiver.receive(1).await.remove(0);
    assert!(told.is_signed_by(&hook.secret));
    assert_eq!(
        (told.json()["type"].as_str(), told.header("webhook-id")),
        (Some("webhook.test"), tried.body["id"].as_str().unwrap())
    );
    hook.in_state(&app.client, "delivered").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_both_secrets_sign_until_the_grace_is_over() {
    use diesel_async::SimpleAsyncConnection;
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    let rotated = app.client.post(&hook.path("/rotate-secret"), json!({})).await;
    assert_eq!(rotated.status.as_u16(), 200, "{}", rotated.text);
    let new = rotated.body["secret"].as_str().unwrap();
    assert_ne!(new, hook.secret);
    assert!(rotated.body["previous_secret_until"].is_string());
    app.client.post(&hook.path("/test"), json!({})).await;
    let told = receiver.receive(1).await.remove(0);
    assert!(told.is_signed_by(new) && told.is_signed_by(&hook.secret), "{told:?}");
    let over = "UPDATE webhook_endpoints SET previous_secret_until = now()";
    app.database.owner().await.batch_execute(over).await.unwrap();
    app.client.post(&hook.path("/test"), json!({})).await;
    let told = receiver.receive(2).await.remove(1);
    assert!(told.is_signed_by(new) && !told.is_signed_by(&hook.secret), "{told:?}");
    assert_eq!(hook.show(&app.client).await["previous_secret_until"], Value::Null);
    hook.in_state(&app.client, "delivered").await;
    app.finish().await;
}
