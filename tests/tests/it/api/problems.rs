//! One problem of each code, as clients see it.
use super::redact::redacted;
use crate::evaluation::gate;
use crate::raw;
use api::ProblemCode;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Answered, TestApp, TestOptions};

/// Bugs and slowness cannot be ordered from outside.
const NOT_PROVOKED: [ProblemCode; 2] = [ProblemCode::Internal, ProblemCode::TimedOut];

async fn raw_json(app: &TestApp, body: &'static [u8]) -> Answered {
    let request = app
        .client
        .request(Method::POST, "/v1/jobs")
        .header("content-type", "application/json");
    app.client.send(request.body(body)).await
}

async fn provoke_all(app: &TestApp) -> Vec<Answered> {
    let client = &app.client;
    let base = client.knowledge_base("base").await;
    let documents = format!("/v1/knowledge-bases/{base}/documents");
    let key = client.key.clone().unwrap();
    let head = format!(
        "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    let page = client.with_key(Some(&app.publishable_key));
    let keyed = |body: Value| {
        client
            .request(Method::POST, "/v1/jobs")
            .header("idempotency-key", "k")
            .json(&body)
    };
    client.send(keyed(json!({"kind": "diagnostics.noop"}))).await;
    let form = client
        .request(Method::POST, &documents)
        .header("content-type", "multipart/form-data; boundary=b");
    vec![
        raw_json(app, b"{\"kind\": ").await,
        client.send(form.body("no form")).await,
        raw::send_cut_short(&client.url, head.as_bytes()).await,
        client.get("/v1/jobs?limit=0&surplus=1").await,
        client.get("/v1/jobs?cursor=x").await,
        client
            .send(
                client
                    .request(Method::POST, "/v1/jobs")
                    .header("idempotency-key", "two words")
                    .json(&json!({})),
            )
            .await,
        client.with_key(None).get("/v1/jobs").await,
        client
            .with_key(Some(&app.secret_key(app.tenant, &["jobs:read"]).await))
            .get("/v1/knowledge-bases")
            .await,
        page.get("/v1/jobs").await,
        client.get(&format!("/v1/jobs/{}", uuid::Uuid::now_v7())).await,
        client.delete("/v1/search").await,
        client.post("/v1/knowledge-bases", json!({"name": "base"})).await,
        client
            .send(
                client
                    .request(Method::PATCH, &format!("/v1/knowledge-bases/{base}"))
                    .header("if-match", "\"another\"")
                    .json(&json!({"name": "renamed"})),
            )
            .await,
        client
            .send(keyed(json!({"kind": "diagnostics.sleep", "payload": {"ms": 1}})))
            .await,
        client
            .post("/v1/checks", json!({"response": "r", "sources": ["s".repeat(2 << 20)]}))
            .await,
        client
            .post(
                &documents,
                json!({"title": "t", "content": "c", "mime_type": "application/pdf"}),
            )
            .await,
        client
            .post(
                "/v1/search",
                json!({"query": "", "limit": 1000, "mode": "odd", "surplus": true}),
            )
            .await,
        client
            .post(
                &documents,
                json!({"title": "t\u{0}", "content": "c", "mime_type": "text/plain"}),
            )
            .await,
        raw_json(app, b"{\"kind\": \"\xff\"}").await,
        client.post("/v1/jobs", json!({"kind": "no_such_kind"})).await,
    ]
}

/// Of an installation without a master key.
async fn not_configured() -> Answered {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        master_key: false,
        ..TestOptions::default()
    })
    .await;
    let body = json!({"url": "https://example.com/", "events": ["*"]});
    let answered = app.client.post("/v1/webhooks", body).await;
    app.abandon().await;
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_of_each_code_reads_like_this() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![
            ("rate_limits.auth_failures_burst", "2".to_owned()),
            ("rate_limits.auth_failures_per_minute", "1".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await;
    let mut provoked: BTreeMap<String, Value> = BTreeMap::new();
    let mut answers = provoke_all(&app).await;
    answers.extend(gate::refusals(&app).await);
    answers.push(not_configured().await);
    // One request without a working key has come from this address before, and one with a key that is not for its origin.
    answers.push(app.client.with_key(Some("vk_wrong")).get("/v1/jobs").await);
    // The last one: from here on there is no database.
    app.database.drop_now().await;
    let away = app.client.get("/v1/jobs").await;
    assert!(away.headers["retry-after"].parse::<u32>().is_ok());
    answers.push(away);
    for answered in answers {
        let code = answered.body["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no problem: {answered:?}"))
            .to_owned();
        answered.expect_problem(answered.status.as_u16(), &code);
        let mut body = answered.body.clone();
        body["request_id"] = json!("[id]");
        assert!(
            provoked.insert(code.clone(), redacted(&body)).is_none(),
            "{code} was provoked twice: {}",
            answered.text
        );
    }
    for code in ProblemCode::ALL.iter().filter(|code| !NOT_PROVOKED.contains(code)) {
        let body = provoked
            .get(code.as_str())
            .unwrap_or_else(|| panic!("{} was not provoked", code.as_str()));
        assert_eq!(body["status"], code.status().as_u16());
    }
    insta::assert_json_snapshot!("problems", provoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_job_and_its_payload_is_told_at_once() {
    let app = TestApp::start().await;
    let fields = async |job: Value| {
        let refused = app.client.post("/v1/jobs", job).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
        let errors = refused.body["errors"].as_array().unwrap().iter();
        let mut fields: Vec<String> = errors
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect();
        fields.sort();
        fields.join(" ")
    };
    let sleep =
        json!({"kind": "diagnostics.sleep", "payload": {"ms": -1, "foo": 2, "bar": 3}, "priority": 9, "surplus": 1});
    assert_eq!(
        fields(sleep).await,
        "payload.bar payload.foo payload.ms priority surplus"
    );
    assert_eq!(fields(json!({"kind": "dream", "priority": 9})).await, "kind priority");
    assert_eq!(
        fields(json!({"kind": "diagnostics.call", "payload": {"url": "ftp://a.example/"}})).await,
        "payload.key payload.url"
    );
    // Of one's own network.
    assert_eq!(
        fields(json!({"kind": "diagnostics.call", "payload": {"url": "http://10.0.0.1/"}})).await,
        "payload.key payload.url"
    );
    assert_eq!(
        fields(json!({"kind": "diagnostics.sleep", "payload": []})).await,
        "payload"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_object_and_a_document_that_is_too_large_or_blank_are_told_as_that() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("server.max_document_bytes", "2097152".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let list = app.client.post("/v1/jobs", json!([])).await;
    list.expect_problem(422, "invalid");
    assert_eq!(list.body["detail"], "The body must be a JSON object.", "{}", list.text);
    let base = app.client.knowledge_base("base").await;
    let document = |content: String| json!({"title": "t", "content": content, "mime_type": "text/plain"});
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let said = "The document is too large: at most 2 MiB are accepted.";
    for mib in [3, 8] {
        let large = app.client.post(&path, document("x".repeat(mib << 20))).await;
        large.expect_problem(413, "too_large");
        assert_eq!(large.body["detail"], said, "{}", large.text);
        let large = app.client.upload(&base, "a.txt", None, &vec![b'x'; mib << 20]).await;
        large.expect_problem(413, "too_large");
        assert_eq!(large.body["detail"], said, "{}", large.text);
    }
    let blank = app.client.upload(&base, "a.txt", None, b" \n \n").await;
    blank.expect_problem(422, "invalid");
    assert_eq!(
        blank.body["detail"], "`file` has nothing but white space.",
        "{}",
        blank.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_new_base_is_told_at_once() {
    let app = TestApp::start().await;
    for (base, expected) in [
        (
            json!({"name": "tour", "language": "english", "embedding_model": "gpt", "vector_store": "milvus"}),
            "embedding_model language vector_store",
        ),
        (json!({"name": "", "embedding_model": "gpt"}), "embedding_model name"),
        (json!({"name": "tour", "embedding_model": " "}), "embedding_model"),
    ] {
        let refused = app.client.post("/v1/knowledge-bases", base).await;
        refused.expect_problem(422, "invalid");
        let errors = refused.body["errors"].as_array().unwrap().iter();
        let mut fields: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields.join(" "), expected, "{}", refused.text);
    }
    app.finish().await;
}
