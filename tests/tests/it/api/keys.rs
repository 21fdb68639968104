//! API keys: what makes one stop working, and that its use is noted.
use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use store::Owner;
use store::api_keys::{self, NewApiKey};
use tests::{TestApp, TestOptions, eventually};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

fn key<'a>(secret: &'a str, scopes: &'a [String], lives: Option<TimeDelta>) -> NewApiKey<'a> {
    NewApiKey {
        name: "test",
        kind: "secret",
        secret,
        scopes,
        allowed_origins: &[],
        allow_no_origin: false,
        rate_tier: None,
        expires_at: lives.map(|lives| Utc::now() + lives),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_at_once() {
    let app = without_workers().await;
    let scopes = ["*".to_owned()];
    let made = app.make_key(app.tenant, &key("vk_secret_revoked", &scopes, None)).await;
    let client = app.client.with_key(Some("vk_secret_revoked"));
    assert_eq!(client.get("/v1/jobs").await.status.as_u16(), 200);
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    api_keys::revoke(&mut owner, app.tenant, made.id).await.unwrap();
    client.get("/v1/jobs").await.expect_problem(401, "unauthenticated");
    drop(owner);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stops_when_it_expires() {
    let app = without_workers().await;
    let scopes = ["*".to_owned()];
    app.make_key(
        app.tenant,
        &key("vk_secret_over", &scopes, Some(TimeDelta::seconds(-1))),
    )
    .await;
    app.make_key(app.tenant, &key("vk_secret_soon", &scopes, Some(TimeDelta::seconds(3))))
        .await;
    app.client
        .with_key(Some("vk_secret_over"))
        .get("/v1/jobs")
        .await
        .expect_problem(401, "unauthenticated");
    let client = app.client.with_key(Some("vk_secret_soon"));
    assert_eq!(client.get("/v1/jobs").await.status.as_u16(), 200);
    eventually("it expires", Duration::from_secs(10), async || {
        client.get("/v1/jobs").await.status.as_u16() == 401
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_key_is_noted_and_not_of_others() {
    let app = without_workers().await;
    let used = "SELECT count(*) FROM api_keys WHERE last_used_at > now() - interval '1 minute'";
    assert_eq!(app.count(used).await, 0);
    app.client.get("/v1/jobs").await;
    eventually("it is noted", Duration::from_secs(10), async || {
        app.count(used).await == 1
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_header_that_is_none_is_401() {
    let app = without_workers().await;
    let good = app.client.key.clone().unwrap();
    let client = app.client.with_key(None);
    let long = format!("Bearer {}", "x".repeat(5000));
    for value in [
        good.as_str(),
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        &format!("Token {good}"),
        &format!("Bearer {good}x"),
        &format!("Bearer {good} {good}"),
        &long,
        "Bearer ' OR 1=1 --",
    ] {
        let request = client.request(Method::GET, "/v1/jobs").header("authorization", value);
        client.send(request).await.expect_problem(401, "unauthenticated");
    }
    let twice = client
        .request(Method::GET, "/v1/jobs")
        .bearer_auth(&good)
        .header("authorization", format!("Bearer {good}"));
    client.send(twice).await.expect_problem(401, "unauthenticated");
    let bytes = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
    client
        .send(client.request(Method::GET, "/v1/jobs").header("authorization", bytes))
        .await
        .expect_problem(401, "unauthenticated");
    // The scheme's case says nothing (RFC 9110, section 11.1); a key in the query says nothing either.
    let lower = client
        .request(Method::GET, "/v1/jobs")
        .header("authorization", format!("bearer {good}"));
    assert_eq!(client.send(lower).await.status.as_u16(), 200);
    client
        .get(&format!("/v1/jobs?api_key={good}"))
        .await
        .expect_problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_key_learns_nothing_of_what_is_wrong_with_the_request() {
    let app = without_workers().await;
    let client = app.client.with_key(None);
    client
        .post("/v1/search", json!({"surplus": 1}))
        .await
        .expect_problem(401, "unauthenticated");
    let broken = client
        .request(Method::POST, "/v1/jobs")
        .header("content-type", "text/plain")
        .body("{");
    client.send(broken).await.expect_problem(401, "unauthenticated");
    app.finish().await;
}
