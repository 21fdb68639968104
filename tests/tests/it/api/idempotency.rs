//! `Idempotency-Key`: the same request again is the same job.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, Client, TestApp, TestOptions, far_ahead};

async fn send(client: &Client, path: &str, key: &str, body: &Value) -> Answered {
    client
        .send(
            client
                .request(Method::POST, path)
                .header("idempotency-key", key)
                .json(body),
        )
        .await
}

fn replayed(answered: &Answered) -> bool {
    answered
        .headers
        .get("idempotent-replayed")
        .is_some_and(|value| value == "true")
}

fn far(payload: Value) -> Value {
    json!({"kind": "diagnostics.sleep", "payload": payload, "run_at": far_ahead()})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_answered_with_todays_state_of_the_same_job() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.noop", "priority": 2});
    let first = send(&app.client, "/v1/jobs", "k", &body).await;
    assert!(!replayed(&first));
    app.client.ended(first.body["id"].as_str().unwrap()).await;
    // The order of the fields, and spaces, say nothing.
    let other_order = app
        .client
        .request(Method::POST, "/v1/jobs")
        .header("idempotency-key", "k");
    let other_order = other_order
        .header("content-type", "application/json")
        .body(r#"{ "priority":2,  "kind": "diagnostics.noop" }"#);
    let again = app.client.send(other_order).await;
    assert!(replayed(&again), "{}", again.text);
    assert_eq!(
        (again.status.as_u16(), &again.body["id"], &again.body["state"]),
        (200, &first.body["id"], &json!("succeeded"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_under_the_key_is_a_mismatch() {
    let app = TestApp::start().await;
    send(&app.client, "/v1/jobs", "k", &far(json!({"ms": 1}))).await;
    for other in [far(json!({"ms": 2})), json!({"kind": "diagnostics.noop"})] {
        send(&app.client, "/v1/jobs", "k", &other)
            .await
            .expect_problem(409, "idempotency_mismatch");
    }
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_under_one_key_make_one_job() {
    let app = TestApp::start().await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let client = app.client.clone();
        requests.spawn(async move { send(&client, "/v1/jobs", "k", &json!({"kind": "diagnostics.noop"})).await });
    }
    let answers = requests.join_all().await;
    assert!(
        answers.iter().all(|answered| answered.status.is_success()),
        "{answers:?}"
    );
    assert!(
        answers
            .iter()
            .all(|answered| answered.body["id"] == answers[0].body["id"])
    );
    assert_eq!(
        answers.iter().filter(|answered| !replayed(answered)).count(),
        1,
        "one made it"
    );
    app.client.ended(answers[0].body["id"].as_str().unwrap()).await;
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_route_and_path() {
    let app = TestApp::start().await;
    let (one, two) = (
        app.client.knowledge_base("one").await,
        app.client.knowledge_base("two").await,
    );
    let check = json!({"response": "It is so.", "sources": ["It is so."]});
    assert!(!replayed(
        &send(&app.client, "/v1/jobs", "k", &far(json!({"ms": 1}))).await
    ));
    assert!(
        !replayed(&send(&app.client, "/v1/checks", "k", &check).await),
        "another route"
    );
    let document = json!({"title": "t", "content": "Some words.", "mime_type": "text/plain"});
    assert!(!replayed(
        &send(
            &app.client,
            &format!("/v1/knowledge-bases/{one}/documents"),
            "k",
            &document
        )
        .await
    ));
    let elsewhere = send(
        &app.client,
        &format!("/v1/knowledge-bases/{two}/documents"),
        "k",
        &document,
    )
    .await;
    elsewhere.expect_problem(409, "idempotency_mismatch");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knowledge_base_is_made_once() {
    let app = TestApp::start().await;
    let body = json!({"name": "Help centre"});
    let first = send(&app.client, "/v1/knowledge-bases", "k", &body).await;
    let again = send(&app.client, "/v1/knowledge-bases", "k", &body).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (201, &first.body["id"]));
    assert!(replayed(&again) && !replayed(&first));
    app.client
        .post("/v1/knowledge-bases", body)
        .await
        .expect_problem(409, "conflict");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_the_same_when_its_bytes_are() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let send = async |text: &'static str| {
        let part = reqwest::multipart::Part::text(text).file_name("a.md");
        let form = reqwest::multipart::Form::new()
            .part("file", part)
            .text("external_id", "a");
        let request = app
            .client
            .request(Method::POST, &format!("/v1/knowledge-bases/{base}/documents"));
        app.client
            .send(request.header("idempotency-key", "k").multipart(form))
            .await
    };
    let first = send("One word.").await;
    // reqwest draws a fresh boundary: the bytes on the wire differ, what they say does not.
    let again = send("One word.").await;
    assert!(replayed(&again), "{}", again.text);
    assert_eq!(again.body["id"], first.body["id"]);
    send("Two words.").await.expect_problem(409, "idempotency_mismatch");
    app.client.ended(first.body["id"].as_str().unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_its_key_free() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    send(&app.client, "/v1/jobs", "k", &json!({"kind": "diagnostics.sleep"}))
        .await
        .expect_problem(422, "invalid");
    let path = format!("/v1/knowledge-bases/{}/documents", uuid::Uuid::now_v7());
    let document = json!({"title": "t", "content": "Some words.", "mime_type": "text/plain"});
    send(&app.client, &path, "k", &document)
        .await
        .expect_problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM idempotency_keys").await, 0);
    assert_eq!(
        send(&app.client, "/v1/jobs", "k", &far(json!({"ms": 1})))
            .await
            .status
            .as_u16(),
        202
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_one_is_refused_rather_than_ignored() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let long = "k".repeat(256);
    for key in ["", "two words", &long] {
        send(&app.client, "/v1/jobs", key, &far(json!({"ms": 1})))
            .await
            .expect_problem(400, "invalid_header");
    }
    let twice = app
        .client
        .request(Method::POST, "/v1/jobs")
        .header("idempotency-key", "a")
        .header("idempotency-key", "b");
    app.client
        .send(twice.json(&far(json!({"ms": 1}))))
        .await
        .expect_problem(400, "invalid_header");
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_under_a_key_and_deleted_since_is_a_conflict_and_a_new_key_makes_another() {
    let app = TestApp::start().await;
    let base = json!({"name": "help"});
    let schedule = json!({"name": "nightly", "cron": "0 3 * * *", "kind": "diagnostics.noop"});
    for (path, body) in [("/v1/knowledge-bases", base), ("/v1/schedules", schedule)] {
        let made = send(&app.client, path, "k", &body).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text);
        let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
        let deleted = app.client.send(app.client.request(Method::DELETE, &one)).await;
        if let Some(job) = deleted.body["id"].as_str() {
            app.client.ended(job).await;
        }
        let again = send(&app.client, path, "k", &body).await;
        again.expect_problem(409, "conflict");
        let detail = again.body["detail"].as_str().unwrap();
        assert!(detail.contains("was deleted since"), "{detail}");
        let other = send(&app.client, path, "l", &body).await;
        assert_eq!(other.status.as_u16(), 201, "{}", other.text);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishable_key_does_not_learn_what_others_asked_under_the_same_idempotency_key() {
    let app = TestApp::start().await;
    let check = json!({"response": "It is so.", "sources": ["It is so."]});
    let servers = send(&app.client, "/v1/checks", "k", &check).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    let request = page
        .request(Method::POST, "/v1/checks")
        .header("origin", "http://localhost")
        .header("idempotency-key", "k");
    let answered = page.send(request.json(&check)).await;
    assert!(
        answered.status.is_success() && !replayed(&answered),
        "{}",
        answered.text
    );
    assert_ne!(answered.body["id"], servers.body["id"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_search_lasts_no_longer_than_the_search() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("dispatch.interactive_retention_secs", "60".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let body = json!({"knowledge_base_ids": [base], "query": "lamp"});
    let found = send(&app.client, "/v1/search", "k", &body).await;
    assert_eq!(found.status.as_u16(), 200, "{}", found.text);
    let longer = "SELECT count(*) FROM idempotency_keys WHERE expires_at > now() + interval '60 seconds'";
    assert_eq!(app.count(longer).await, 0);
    assert!(replayed(&send(&app.client, "/v1/search", "k", &body).await));
    app.finish().await;
}
