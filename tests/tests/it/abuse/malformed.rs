//! Requests that no client library would send.
use super::acceptable::{assert_acceptable, assert_well};
use crate::raw;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Answered, TestApp};

/// Every operation that reads JSON.
async fn operations(app: &TestApp) -> Vec<String> {
    let base = app.client.knowledge_base("base").await;
    [
        "/v1/knowledge-bases",
        "/v1/search",
        "/v1/answers",
        "/v1/checks",
        "/v1/jobs",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("/v1/knowledge-bases/{base}/documents")])
    .collect()
}

async fn send(app: &TestApp, path: &str, body: impl Into<Vec<u8>>) -> Answered {
    let request = app
        .client
        .request(Method::POST, path)
        .header("content-type", "application/json");
    app.client.send(request.body(body.into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_json_are_400_everywhere() {
    let app = TestApp::start().await;
    for path in operations(&app).await {
        for body in [
            "",
            " ",
            "{",
            "}",
            "[",
            "nul",
            "{\"a\":}",
            "{'a': 1}",
            "{\"a\": 1,}",
            "{\"a\" 1}",
            "\"\\ud800\"",
            "\"\\x\"",
            "01",
            "NaN",
            "Infinity",
            "{\"a\": 1} {}",
            "\u{feff}{}",
            "<xml/>",
            "a=1&b=2",
            "--b\r\n",
        ] {
            let answered = send(&app, &path, body).await;
            answered.expect_problem(400, "malformed_json");
        }
    }
    assert_well(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_another_shape_is_422_and_says_so() {
    let app = TestApp::start().await;
    for path in operations(&app).await {
        for body in [
            "{}",
            "[]",
            "null",
            "1",
            "\"x\"",
            "true",
            "[{}]",
            "{\"__proto__\": 1}",
            "{\"\": 1}",
        ] {
            let answered = send(&app, &path, body).await;
            answered.expect_problem(422, "invalid");
            assert_acceptable(&answered, body);
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_utf_8_are_422_everywhere() {
    let app = TestApp::start().await;
    for path in operations(&app).await {
        for bytes in [
            b"{\"name\": \"\xff\"}".as_slice(),
            b"\xff\xfe{\0}\0",
            b"{\"\xc3\x28\": 1}",
            b"{\"name\": \"\xed\xa0\x80\"}",
            b"\xf5\x80\x80\x80",
        ] {
            send(&app, &path, bytes).await.expect_problem(422, "invalid_utf8");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_is_422_in_every_text_and_names_the_field() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let documents = format!("/v1/knowledge-bases/{base}/documents");
    for (path, body, field) in [
        ("/v1/knowledge-bases", json!({"name": "a\0b"}), "name"),
        (
            "/v1/search",
            json!({"knowledge_base_ids": [base], "query": "a\0b"}),
            "query",
        ),
        (
            "/v1/search",
            json!({"knowledge_base_ids": [base], "query": "q", "filter": {"a": "\0"}}),
            "filter.a",
        ),
        (
            "/v1/search",
            json!({"knowledge_base_ids": [base], "query": "q", "principal": {"groups": ["g", "\0"]}}),
            "principal.groups.1",
        ),
        (
            "/v1/answers",
            json!({"knowledge_base_ids": [base], "question": "a\0b"}),
            "question",
        ),
        (
            "/v1/checks",
            json!({"response": "r", "sources": ["s", "\0s"]}),
            "sources.1",
        ),
        (
            "/v1/jobs",
            json!({"kind": "diagnostics.noop", "unique_key": "\0"}),
            "unique_key",
        ),
        (
            documents.as_str(),
            json!({"title": "t", "content": "c\0", "mime_type": "text/plain"}),
            "content",
        ),
        (
            documents.as_str(),
            json!({"title": "t", "content": "c", "mime_type": "text/plain", "metadata": {"deep": [{"a": "\0"}]}}),
            "metadata.deep.0.a",
        ),
        (
            documents.as_str(),
            json!({"title": "t", "content": "c", "mime_type": "text/plain", "metadata": {"a\0": 1}}),
            "metadata.a\\0",
        ),
        (
            documents.as_str(),
            json!({"title": "t", "content": "c", "mime_type": "text/plain", "acl": {"users": ["\0"]}}),
            "acl.users.0",
        ),
    ] {
        let answered = app.client.post(path, body).await;
        assert_eq!(answered.status.as_u16(), 422, "{}", answered.text);
        let error = &answered.body["errors"][0];
        assert_eq!(
            (&error["field"], &error["code"]),
            (&json!(field), &json!("contains_nul")),
            "{}",
            answered.text
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_above_many_texts_is_refused_at_once_and_in_few_words() {
    let app = TestApp::start().await;
    let page = app.client.with_key(Some(&app.publishable_key));
    for (name, texts) in [
        ("a".repeat(524_288), vec![""; 174_000]),
        ("a".repeat(524_288), vec!["\0"; 50_000]),
        ("\0".repeat(80_000), vec!["\0"; 50_000]),
    ] {
        let request = page
            .request(Method::POST, "/v1/checks")
            .header("origin", "http://localhost");
        let answered = page.send(request.json(&json!({ name: texts }))).await;
        assert_eq!(answered.status.as_u16(), 422, "{:.200}", answered.text);
        assert!(answered.text.len() < 64 << 10, "{} bytes", answered.text.len());
        assert_acceptable(&answered, "a long name");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nesting_of_ten_thousand_levels_is_refused_quickly() {
    let app = TestApp::start().await;
    for path in operations(&app).await {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let start = Instant::now();
            let body = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            send(&app, &path, body).await.expect_problem(400, "malformed_json");
            assert!(
                start.elapsed() < Duration::from_secs(2),
                "{path}: {:?}",
                start.elapsed()
            );
        }
    }
    let base = app.client.knowledge_base("deep").await;
    let deep = (0..100).fold(json!(1), |inner, _| json!({"a": inner}));
    let document = json!({"title": "t", "content": "c", "mime_type": "text/plain", "metadata": {"a": deep.clone()}});
    app.client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
        .await
        .expect_problem(422, "invalid");
    let filter = app
        .client
        .post_waiting(
            "/v1/search",
            json!({"knowledge_base_ids": [base], "query": "q", "filter": deep}),
            20,
        )
        .await;
    assert_acceptable(&filter, "a deep filter");
    assert_well(&app).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_no_number_holds_are_refused() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for number in [
        "1e400",
        "-1e400",
        "99999999999999999999999",
        "9223372036854775808",
        "1.5",
        "-1",
        "1e2",
        "1E-400",
        &"9".repeat(1000),
    ] {
        let body = format!(r#"{{"knowledge_base_ids": ["{base}"], "query": "q", "limit": {number}}}"#);
        let answered = send(&app, "/v1/search", body).await;
        assert!(
            [400, 422].contains(&answered.status.as_u16()),
            "{number}: {}",
            answered.text
        );
        assert_acceptable(&answered, number);
        let body = format!(
            r#"{{"title": "t", "content": "Words {number}.", "mime_type": "text/plain", "metadata": {{"n": {number}}}}}"#
        );
        let answered = send(&app, &format!("/v1/knowledge-bases/{base}/documents"), body).await;
        assert_acceptable(&answered, number);
        if answered.status.is_success() {
            app.client.ended(answered.body["id"].as_str().unwrap()).await;
        }
        let body =
            format!(r#"{{"knowledge_base_ids": ["{base}"], "query": "q", "filter": {{"n": {{"gte": {number}}}}}}}"#);
        assert_acceptable(&send(&app, "/v1/search", body).await, number);
        for field in ["priority", "max_attempts", "run_at"] {
            let body = format!(r#"{{"kind": "diagnostics.noop", "{field}": {number}}}"#);
            assert!(
                !send(&app, "/v1/jobs", body).await.status.is_success(),
                "{field} {number}"
            );
        }
    }
    assert_well(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_there_twice_harms_nobody() {
    let app = TestApp::start().await;
    let answered = send(
        &app,
        "/v1/jobs",
        r#"{"kind": "ingest_document", "kind": "diagnostics.noop"}"#,
    )
    .await;
    assert_acceptable(&answered, "duplicate kind");
    let many = format!(
        "{{{}}}",
        (0..20_000)
            .map(|n| format!("\"f{n}\": {n}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let answered = send(&app, "/v1/jobs", many).await;
    answered.expect_problem(422, "invalid");
    assert!(
        answered.text.len() < 20_000,
        "its author needs no list of 20,000 errors"
    );
    let same = format!("{{{}}}", vec!["\"kind\": \"diagnostics.noop\""; 20_000].join(","));
    assert_acceptable(&send(&app, "/v1/jobs", same).await, "one field 20,000 times");
    let list = json!({"knowledge_base_ids": vec![Value::Null; 100_000], "query": "q"});
    let answered = app.client.post("/v1/search", list).await;
    answered.expect_problem(422, "invalid");
    assert!(answered.text.len() < 20_000);
    let jobs = app.client.get("/v1/jobs").await;
    for job in jobs.body["data"].as_array().unwrap() {
        app.client.ended(job["id"].as_str().unwrap()).await;
    }
    assert_well(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_404_and_never_more() {
    let app = TestApp::start().await;
    let zero = uuid::Uuid::nil().to_string();
    let max = uuid::Uuid::max().to_string();
    let upper = uuid::Uuid::now_v7().to_string().to_uppercase();
    for id in [
        "x",
        "0",
        "-1",
        "%00",
        "%2e%2e",
        "null",
        "undefined",
        "%F0%9F%98%80",
        "%ff",
        "1;DROP TABLE jobs",
        &"9".repeat(5000),
        &zero,
        &max,
        &upper,
    ] {
        for path in [
            format!("/v1/jobs/{id}"),
            format!("/v1/jobs/{id}/events"),
            format!("/v1/documents/{id}"),
            format!("/v1/documents/{id}/chunks"),
            format!("/v1/knowledge-bases/{id}"),
            format!("/v1/knowledge-bases/{id}/documents"),
        ] {
            app.client.get(&path).await.expect_problem(404, "not_found");
        }
    }
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/jobs",
        "/v1/jobs/",
        "//v1/jobs",
        "/v1/jobs/../jobs",
        "/health/live",
        "/.env",
    ] {
        let answered = app.client.get(path).await;
        assert_acceptable(&answered, path);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_on_the_socket_is_refused_and_the_server_lives() {
    let app = TestApp::start().await;
    let key = app.client.key.clone().unwrap();
    let authorized = format!("Host: x\r\nAuthorization: Bearer {key}\r\n");
    let many: String = (0..500).map(|n| format!("X-{n}: {n}\r\n")).collect();
    for request in [
        "GARBAGE\r\n\r\n".to_owned(),
        "GET /v1/jobs HTTP/9.9\r\n\r\n".to_owned(),
        format!("GET /v1/jobs HTTP/1.1\r\n{authorized}Bad Header: x\r\n\r\n"),
        format!("GET /v1/jobs HTTP/1.1\r\n{authorized}X: \0\r\n\r\n"),
        format!("GET /v1/jobs HTTP/1.1\r\n{authorized}{many}\r\n"),
        format!("GET /v1/jobs?{} HTTP/1.1\r\n{authorized}\r\n", "x".repeat(100_000)),
        format!(
            "GET /v1/jobs HTTP/1.1\r\n{authorized}X: {}\r\n\r\n",
            "x".repeat(1_000_000)
        ),
        format!("POST /v1/jobs HTTP/1.1\r\n{authorized}Content-Type: application/json\r\nContent-Length: -1\r\n\r\n"),
        format!(
            "POST /v1/jobs HTTP/1.1\r\n{authorized}Content-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}   "
        ),
        format!(
            "POST /v1/jobs HTTP/1.1\r\n{authorized}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
        ),
        format!(
            "POST /v1/jobs HTTP/1.1\r\n{authorized}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n"
        ),
    ] {
        let answered = raw::send_bytes(&app.client.url, request.as_bytes()).await;
        assert!(
            answered.status.is_client_error() || answered.status.as_u16() == 505,
            "{}: {}",
            &request[..30.min(request.len())],
            answered.status
        );
    }
    assert_eq!(app.client.get("/v1/jobs").await.status.as_u16(), 200);
    app.finish().await;
}
