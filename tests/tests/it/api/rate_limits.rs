//! Limits on requests: counted for all processes together, told in headers, and open when they cannot be counted.
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::api_keys::NewApiKey;
use tests::{Answered, Client, TestApp, TestOptions, eventually};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Sends them all at the same time.
async fn all(requests: Vec<impl Future<Output = Answered> + Send + 'static>) -> Vec<Answered> {
    let mut set = JoinSet::new();
    for request in requests {
        set.spawn(request);
    }
    set.join_all().await
}

/// Keys may write five a second, twenty at once.
async fn app(settings: &[(&'static str, &str)], redis_proxy: bool) -> TestApp {
    let mut all = vec![
        ("rate_limits.default_tier", "standard".to_owned()),
        // On a busy machine too each request is counted.
        ("rate_limits.timeout_ms", "5000".to_owned()),
        ("rate_limits.tiers.standard.write_per_second", "5".to_owned()),
        ("rate_limits.tiers.standard.write_burst", "20".to_owned()),
    ];
    all.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
    TestApp::start_with(TestOptions {
        settings: all,
        redis_proxy,
        ..TestOptions::default()
    })
    .await
}

async fn enqueue(client: Client) -> Answered {
    client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await
}

fn number(answered: &Answered, header: &str) -> u64 {
    let text = answered.headers.get(header).unwrap_or_else(|| panic!("no {header}"));
    text.parse().unwrap_or_else(|_| panic!("{header}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_let_no_more_through_than_the_limit_and_other_tenants_do_not_notice() {
    let app = app(&[], false).await;
    let second = app.second_api().await;
    let start = Instant::now();
    let requests = (0..200)
        .map(|n| enqueue(if n % 2 == 0 { app.client.clone() } else { second.clone() }))
        .collect();
    let answers = all(requests).await;
    let most = 20 + 5 * (start.elapsed().as_secs() + 1);
    let taken = answers.iter().filter(|answered| answered.status == 202).count() as u64;
    assert!((20..=most).contains(&taken), "{taken} of at most {most}");
    for refused in answers.iter().filter(|answered| answered.status != 202) {
        refused.expect_problem(429, "rate_limited");
        assert!(number(refused, "retry-after") >= 1);
        assert_eq!(number(refused, "ratelimit-remaining"), 0);
    }
    assert_eq!(enqueue(app.client_b.clone()).await.status, 202);
    assert_eq!(app.client.get("/v1/jobs").await.status, 200, "reads are another class");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_say_what_is_left_and_a_pause_restores_it() {
    let app = app(&[], false).await;
    let first = enqueue(app.client.clone()).await;
    assert_eq!(first.status, 202, "{}", first.text);
    assert_eq!(
        (number(&first, "ratelimit-limit"), number(&first, "ratelimit-remaining")),
        (20, 19)
    );
    assert_eq!(first.headers["ratelimit-policy"], "\"write\";q=20;w=4");
    assert!(
        first.headers["ratelimit"].starts_with("\"write\";r=19;t="),
        "{:?}",
        first.headers
    );
    let requests = (0..60).map(|_| enqueue(app.client.clone())).collect();
    let answers = all(requests).await;
    let refused = answers
        .iter()
        .find(|answered| answered.status == 429)
        .expect("one too many");
    // As long as it says, and no longer.
    tokio::time::sleep(Duration::from_secs(number(refused, "retry-after"))).await;
    assert_eq!(enqueue(app.client.clone()).await.status, 202);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_a_clock_ahead_of_this_one_used_up_holds_no_longer_than_its_burst_takes() {
    let app = app(&[], false).await;
    assert_eq!(enqueue(app.client.clone()).await.status, 202);
    let (prefix, mut redis) = (&app.context.settings.redis.prefix, app.redis_connection().await);
    let keys: Vec<String> = redis.keys(format!("{{{prefix}:requests:*}}:write")).await.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    // Whole in an hour, says what stood on another server; the burst takes four seconds.
    let (now, _): (u64, u64) = redis::cmd("TIME").query_async(&mut redis).await.unwrap();
    let _: () = redis.set(&keys[0], (now + 3_600) * 1_000_000).await.unwrap();
    let refused = enqueue(app.client.clone()).await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(number(&refused, "retry-after"), 1);
    eventually("requests are let through again", Duration::from_secs(10), || async {
        enqueue(app.client.clone()).await.status == 202
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_have_a_tier_of_its_own() {
    let app = app(&[], false).await;
    let secret = "vk_secret_of_a_large_customer";
    let scopes = ["*".to_owned()];
    let new = NewApiKey {
        name: "test",
        kind: "secret",
        secret,
        scopes: &scopes,
        allowed_origins: &[],
        allow_no_origin: false,
        rate_tier: Some("trusted"),
        expires_at: None,
    };
    app.make_key(app.tenant, &new).await;
    let client = app.client.with_key(Some(secret));
    let answers = all((0..60).map(|_| enqueue(client.clone())).collect()).await;
    assert!(answers.iter().all(|answered| answered.status == 202));
    assert_eq!(number(&answers[0], "ratelimit-limit"), 1_000_000);
    for answered in &answers {
        app.client.ended(answered.body["id"].as_str().unwrap()).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_requests_are_let_through_but_for_closed_classes() {
    let app = app(
        &[
            ("rate_limits.closed_without_redis", "[\"interactive\"]"),
            ("rate_limits.timeout_ms", "100"),
        ],
        true,
    )
    .await;
    let base = app.client.knowledge_base("b").await;
    app.redis().stall();
    for _ in 0..3 {
        let taken = enqueue(app.client.clone()).await;
        assert_eq!(taken.status, 202, "{}", taken.text);
        assert!(!taken.headers.contains_key("ratelimit-limit"), "{:?}", taken.headers);
    }
    let search = json!({"knowledge_base_ids": [base], "query": "q"});
    let refused = app.client.post("/v1/search", search).await;
    refused.expect_problem(503, "unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    app.redis().resume();
    let counted = async || {
        enqueue(app.client.clone())
            .await
            .headers
            .contains_key("ratelimit-limit")
    };
    tests::eventually("requests are counted again", Duration::from_secs(10), counted).await;
    app.abandon().await;
}

async fn with_key(client: &Client, key: &str, from: Option<&str>) -> Answered {
    let client = client.with_key(Some(key));
    let request = client.request(Method::GET, "/v1/jobs");
    let request = match from {
        Some(address) => request.header("x-forwarded-for", address),
        None => request,
    };
    client.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_working_key_is_refused_for_a_while_and_known_keys_are_not() {
    let limits = [
        ("rate_limits.auth_failures_burst", "3"),
        ("rate_limits.auth_failures_per_minute", "20"),
    ];
    let app = app(&limits, false).await;
    let known = app.client.key.clone().unwrap();
    assert_eq!(with_key(&app.client, &known, None).await.status, 200);
    for _ in 0..3 {
        with_key(&app.client, "vk_wrong", None)
            .await
            .expect_problem(401, "unauthenticated");
    }
    let refused = with_key(&app.client, "vk_wrong", None).await;
    refused.expect_problem(429, "rate_limited");
    let pause = number(&refused, "retry-after");
    assert!((1..=3).contains(&pause), "{pause}");
    assert_eq!(
        with_key(&app.client, &known, None).await.status,
        200,
        "it has worked here"
    );
    let unseen = app.secret_key(app.tenant, &["jobs:read"]).await;
    with_key(&app.client, &unseen, None)
        .await
        .expect_problem(429, "rate_limited");
    // What a client says of where it comes from is not believed.
    with_key(&app.client, "vk_wrong", Some("198.51.100.9"))
        .await
        .expect_problem(429, "rate_limited");
    tokio::time::sleep(Duration::from_secs(pause)).await;
    assert_eq!(with_key(&app.client, &unseen, None).await.status, 200);
    app.finish().await;
}

const PAGE: Option<&str> = Some("http://localhost");
const ELSEWHERE: Option<&str> = Some("http://evil.example");

async fn from_page(app: &TestApp, key: &str, origin: Option<&str>) -> Answered {
    let client = app.client.with_key(Some(key));
    // Who may ask is told that there is no such job.
    let request = client.request(Method::GET, &format!("/v1/jobs/{}", Uuid::nil()));
    match origin {
        Some(origin) => client.send(request.header("origin", origin)).await,
        None => client.send(request).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishable_key_from_elsewhere_than_its_pages_counts_for_the_address_and_works_from_its_pages() {
    let limits = [
        ("rate_limits.auth_failures_burst", "3"),
        ("rate_limits.auth_failures_per_minute", "1"),
    ];
    let app = app(&limits, false).await;
    let (scopes, origins) = (["search:read".to_owned()], ["http://localhost".to_owned()]);
    let unseen = NewApiKey {
        name: "unseen",
        kind: "publishable",
        secret: "vk_publishable_unseen",
        scopes: &scopes,
        allowed_origins: &origins,
        allow_no_origin: false,
        rate_tier: None,
        expires_at: None,
    };
    app.make_key(app.tenant, &unseen).await;
    let known = app.publishable_key.as_str();
    assert_eq!(from_page(&app, known, PAGE).await.status, 404);
    for (key, origin) in [(unseen.secret, ELSEWHERE), (known, ELSEWHERE), (known, None)] {
        from_page(&app, key, origin)
            .await
            .expect_problem(403, "origin_not_allowed");
    }
    let refused = from_page(&app, known, ELSEWHERE).await;
    refused.expect_problem(429, "rate_limited");
    assert!(number(&refused, "retry-after") >= 1);
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
    assert_eq!(
        from_page(&app, known, PAGE).await.status,
        404,
        "who sits behind the same address has its pages"
    );
    // It was used from elsewhere only, and that is no use that worked.
    from_page(&app, unseen.secret, PAGE)
        .await
        .expect_problem(429, "rate_limited");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_of_ours_each_client_is_an_address() {
    let limits = [
        ("rate_limits.auth_failures_burst", "2"),
        ("rate_limits.trusted_proxies", "1"),
    ];
    let app = app(&limits, false).await;
    let statuses = async |from: &'static str| {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(with_key(&app.client, "vk_wrong", Some(from)).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses("203.0.113.5, 198.51.100.1").await, [401, 401, 429]);
    assert_eq!(statuses("203.0.113.5, 198.51.100.2").await, [401, 401, 429]);
    let refused = with_key(&app.client, "vk_wrong", Some("203.0.113.6, 198.51.100.1")).await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.body["errors"], Value::Null);
    app.finish().await;
}
