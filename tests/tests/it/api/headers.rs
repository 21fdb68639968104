//! Headers of requests and responses: ids, traces, what every response carries.
use reqwest::Method;
use serde_json::json;
use tests::{Client, TestApp, TestOptions};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_echoed_and_stands_in_the_problem() {
    let app = without_workers().await;
    let request = app
        .client
        .request(Method::GET, "/v1/jobs/nonsense")
        .header("x-request-id", "mine-1");
    let answered = app.client.send(request).await;
    answered.expect_problem(404, "not_found");
    assert_eq!(answered.body["request_id"], "mine-1");
    let good = app
        .client
        .request(Method::GET, "/v1/jobs")
        .header("x-request-id", "mine-2");
    assert_eq!(app.client.send(good).await.headers["x-request-id"], "mine-2");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_that_could_forge_a_log_line_is_replaced() {
    let app = without_workers().await;
    for id in ["", "two words", &"x".repeat(129), "tab\there"] {
        let answered = app
            .client
            .send(app.client.request(Method::GET, "/v1/jobs").header("x-request-id", id))
            .await;
        let echoed = &answered.headers["x-request-id"];
        assert!(uuid::Uuid::parse_str(echoed).is_ok(), "{id:?} came back as {echoed}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_trace_continues_through_the_job_into_the_answer() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    app.client
        .ingest(
            &base,
            json!({"title": "t", "content": "The lantern burns for 36 hours.", "mime_type": "text/plain"}),
        )
        .await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let body = json!({"knowledge_base_ids": [base], "question": "How long does the lantern burn?"});
    let ask = |traceparent: Option<String>| {
        let request = app.client.request(Method::POST, "/v1/answers").json(&body);
        match traceparent {
            Some(value) => request.header("traceparent", value),
            None => request,
        }
    };
    let answered = app
        .client
        .send(ask(Some(format!("00-{trace}-00f067aa0ba902b7-01"))))
        .await;
    assert_eq!(answered.body["result"]["trace_id"], trace, "{}", answered.text);
    for broken in [
        None,
        Some("00-0-0-0".to_owned()),
        Some(format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32))),
        Some(format!("ff-{trace}-00f067aa0ba902b7-01")),
    ] {
        let answered = app.client.send(ask(broken.clone())).await;
        let fresh = answered.body["result"]["trace_id"].as_str().unwrap().to_owned();
        assert!(
            fresh.len() == 32 && fresh != trace && fresh.bytes().any(|byte| byte != b'0'),
            "{broken:?}: {fresh}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_forbids_sniffing_framing_and_caching() {
    let app = without_workers().await;
    for path in ["/v1/jobs", "/v1/nothing", "/v1/jobs/x"] {
        let headers = app.client.get(path).await.headers;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(headers.get(name).map(String::as_str), Some(value), "{name} at {path}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_a_path_lacks_is_405_and_names_those_it_has() {
    let app = without_workers().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/v1/jobs", ["GET", "POST"].as_slice()),
        (Method::PUT, "/v1/search", &["POST"]),
        (Method::PUT, "/v1/documents/x", &["GET", "PATCH", "DELETE"]),
        (Method::from_bytes(b"BREW").unwrap(), "/v1/answers", &["POST"]),
    ] {
        let answered = app.client.send(app.client.request(method.clone(), path)).await;
        answered.expect_problem(405, "method_not_allowed");
        for name in allowed {
            assert!(
                answered.headers["allow"].contains(name),
                "{method} {path}: {}",
                answered.headers["allow"]
            );
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_on_the_admin_address_only() {
    let app = without_workers().await;
    let admin = Client::new(&app.admin_url, None);
    assert_eq!(admin.get("/health/live").await.status.as_u16(), 200);
    let ready = admin.get("/health/ready").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.body["status"]),
        (200, &json!("ready")),
        "{}",
        ready.text
    );
    for path in ["/health/live", "/health/ready", "/metrics"] {
        app.client.get(path).await.expect_problem(404, "not_found");
    }
    app.finish().await;
}
