use super::hook;
use serde_json::{Value, json};
use tests::{Receiver, TestApp, TestOptions};

/// Without workers, and as strict as in production.
fn strict() -> TestOptions {
    TestOptions {
        pools: Vec::new(),
        settings: vec![
            ("outgoing.allow_loopback", "false".to_owned()),
            ("webhooks.per_tenant", "2".to_owned()),
        ],
        ..TestOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_changed_and_deleted_and_its_secret_is_shown_once() {
    let app = TestApp::start_with(strict()).await;
    let body = json!({"url": "https://example.com/hook", "events": ["job.dead", "document.*"], "description": "to the pager",
        "kinds": ["ingest_document"]});
    let made = app.client.post("/v1/webhooks", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let (id, secret) = (made.body["id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let path = format!("/v1/webhooks/{id}");
    assert_eq!(made.headers["location"], path);

    let shown = app.client.get(&path).await;
    assert_eq!(shown.body["events"], json!(["document.*", "job.dead"]));
    assert_eq!(
        (&shown.body["enabled"], &shown.body["disabled_reason"]),
        (&json!(true), &Value::Null)
    );
    let listed = app.client.get("/v1/webhooks").await;
    assert_eq!(listed.body["data"], json!([shown.body]));
    for seen in [&shown, &listed] {
        assert!(
            !seen.text.contains("secret\":\"") && !seen.text.contains("whsec_"),
            "{}",
            seen.text
        );
    }
    let stored = app
        .count(&format!(
            "SELECT count(*) FROM webhook_endpoints WHERE encode(secret, 'base64') LIKE '%{}%'",
            &secret[10..40]
        ))
        .await;
    assert_eq!(stored, 0, "it is not stored as it is");

    let patch = json!({"events": ["*"], "kinds": ["*"], "description": "", "enabled": false});
    let changed = app
        .client
        .send(app.client.request(reqwest::Method::PATCH, &path).json(&patch))
        .await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    assert_eq!(
        [
            &changed.body["events"],
            &changed.body["kinds"],
            &changed.body["description"],
            &changed.body["enabled"]
        ],
        [&json!(["*"]), &Value::Null, &json!(""), &json!(false)]
    );
    assert_eq!(changed.body["url"], "https://example.com/hook");
    app.client
        .post(&format!("{path}/test"), json!({}))
        .await
        .expect_problem(409, "conflict");

    assert_eq!(app.client.delete(&path).await.status.as_u16(), 204);
    app.client.get(&path).await.expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_webhook_is_said_at_once() {
    let app = TestApp::start_with(strict()).await;
    let body = json!({"url": "ftp://user:secret@169.254.169.254:22/#x", "events": ["job.exploded"], "kinds": ["deliver_webhook"],
        "enabled": "yes", "surplus": 1});
    let answered = app.client.post("/v1/webhooks", body).await;
    answered.expect_problem(422, "unknown_kind");
    let errors = answered.body["errors"].as_array().unwrap();
    let found: Vec<String> = errors
        .iter()
        .map(|error| {
            format!(
                "{} {}",
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap()
            )
        })
        .collect();
    for expected in [
        "url scheme",
        "url credentials",
        "url fragment",
        "url not_public",
        "events.0 invalid",
        "kinds.0 unknown_kind",
        "enabled type",
        "surplus unknown",
    ] {
        assert!(
            found.iter().any(|error| error == expected),
            "{expected} is not among {found:?}"
        );
    }
    for url in [
        "http://example.com/",
        "https://localhost/",
        "https://2130706433/",
        "https://[::ffff:10.0.0.1]/",
        "https://example.com:25/",
    ] {
        let answered = app
            .client
            .post("/v1/webhooks", json!({"url": url, "events": ["*"]}))
            .await;
        answered.expect_problem(422, "invalid");
        assert_eq!(answered.body["errors"][0]["field"], "url", "{url}");
    }
    assert_eq!(app.count("SELECT count(*) FROM webhook_endpoints").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_so_many_webhooks_and_no_more_whatever_others_have() {
    let app = TestApp::start_with(strict()).await;
    let body = json!({"url": "https://example.com/", "events": ["*"]});
    for _ in 0..2 {
        assert_eq!(app.client.post("/v1/webhooks", body.clone()).await.status.as_u16(), 201);
    }
    app.client
        .post("/v1/webhooks", body.clone())
        .await
        .expect_problem(409, "conflict");
    assert_eq!(app.client_b.post("/v1/webhooks", body).await.status.as_u16(), 201);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_takes_a_field_of_a_webhook_back_to_its_default_and_one_that_has_none_is_refused() {
    let app = TestApp::start_with(strict()).await;
    let body = json!({"url": "https://example.com/hook", "events": ["job.dead"], "description": "to the pager",
        "kinds": ["ingest_document"], "enabled": false});
    let made = app.client.post("/v1/webhooks", body).await;
    let path = format!("/v1/webhooks/{}", made.body["id"].as_str().unwrap());
    let patch = async |body: Value| {
        let request = app.client.request(reqwest::Method::PATCH, &path);
        app.client.send(request.json(&body)).await
    };
    let read = |body: &Value| ["kinds", "description", "enabled"].map(|field| body[field].clone());
    for (field, now) in [
        ("kinds", [Value::Null, json!("to the pager"), json!(false)]),
        ("description", [Value::Null, json!(""), json!(false)]),
        ("enabled", [Value::Null, json!(""), json!(true)]),
    ] {
        let changed = patch(json!({ field: null })).await;
        assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
        assert_eq!(read(&changed.body), now, "{field}");
    }
    let refused = patch(json!({"url": null, "events": null})).await;
    refused.expect_problem(422, "invalid");
    for field in ["url", "events"] {
        assert!(
            refused.text.contains(&format!("\"field\":\"{field}\"")),
            "{}",
            refused.text
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishable_key_has_no_webhooks() {
    let app = TestApp::start_with(strict()).await;
    let client = app.client.with_key(Some(&app.publishable_key));
    for method in [reqwest::Method::GET, reqwest::Method::POST] {
        let request = client
            .request(method, "/v1/webhooks")
            .header("origin", "http://localhost");
        client.send(request).await.expect_problem(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_master_key_it_is_said_that_there_are_no_webhooks() {
    let app = TestApp::start_with(TestOptions {
        master_key: false,
        ..strict()
    })
    .await;
    let body = json!({"url": "https://example.com/", "events": ["*"]});
    app.client
        .post("/v1/webhooks", body)
        .await
        .expect_problem(503, "not_configured");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_copied_to_another_tenants_row_opens_nothing() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::start().await;
    let receiver = Receiver::start(&[]).await;
    let (theirs, ours) = (
        hook(&app.client_b, &receiver, &["*"]).await,
        hook(&app.client, &receiver, &["*"]).await,
    );
    let copy = format!(
        "UPDATE webhook_endpoints SET secret = (SELECT secret FROM webhook_endpoints WHERE id = '{}') WHERE id = '{}'",
        theirs.id, ours.id
    );
    app.database.owner().await.batch_execute(&copy).await.unwrap();
    let tried = app.client.post(&ours.path("/test"), json!({})).await;
    let job = app.client.ended(tried.body["job_id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("not_configured")),
        "{job}"
    );
    assert_eq!(receiver.received().len(), 0);
    assert_eq!(ours.in_state(&app.client, "failed").await["attempts"], json!([]));
    app.abandon().await;
}
