use super::{items, make, page, settled, start, sync};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{FakeSite, SitePage, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn while_robots_txt_cannot_be_read_nothing_is_asked() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/robots.txt", SitePage::of(500, "text/plain", b"oops")),
        ("/", page("welcome", &[])),
    ])
    .await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let job = format!("/v1/jobs/{}", started.body["id"].as_str().unwrap());
    eventually(
        "the job waits for its next attempt",
        Duration::from_secs(10),
        async || app.client.get(&job).await.body["state"] == "retryable",
    )
    .await;
    let shown = app.client.get(&job).await.body;
    assert_eq!(shown["error"]["code"], "robots_unavailable", "{shown}");
    let path = format!("/v1/sources/{source}/syncs");
    let said = |syncs: &serde_json::Value| {
        let sync = &syncs["data"][0];
        (
            sync["state"].clone(),
            sync["attempt"].clone(),
            sync["error"]["code"].clone(),
        )
    };
    let syncs = app.client.get(&path).await.body;
    // The next attempt may have begun.
    let (state, attempt, error) = said(&syncs);
    assert!(
        state == "retryable" || state == "queued" || state == "running",
        "{syncs}"
    );
    assert!(attempt.as_i64() >= Some(1), "{syncs}");
    assert_eq!(error, "robots_unavailable", "a sync that fails says so: {syncs}");
    assert!(syncs["data"][0]["run_at"].is_string(), "{syncs}");
    assert!(site.take_requests().iter().all(|request| request.path == "/robots.txt"));
    // A site without one allows everything.
    site.remove("/robots.txt");
    app.client.ended(started.body["id"].as_str().unwrap()).await;
    settled(&app).await;
    assert_eq!(items(&app.client, &site, &source).await["/"], "ingested");
    let (state, _, error) = said(&app.client.get(&path).await.body);
    assert_eq!((state, error), (json!("succeeded"), serde_json::Value::Null));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_compressed_robots_txt_forbids_is_left_alone() {
    let app = start().await;
    let robots = b"User-agent: *\nDisallow: /private\n";
    let packed = |bytes: &[u8]| SitePage::of(200, "text/plain", bytes).with("content-encoding", "gzip");
    let site = FakeSite::start(&[
        ("/robots.txt", packed(&super::hostile::gzip(robots))),
        ("/", page("welcome", &["/private", "/open"])),
        ("/private", page("secrets", &[])),
        ("/open", page("badgers", &[])),
    ])
    .await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let found = items(&app.client, &site, &source).await;
    assert_eq!(
        (&*found["/private"], &*found["/open"]),
        ("skipped robots", "ingested"),
        "{found:?}"
    );
    let asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    assert!(!asked.contains(&"/private".to_owned()), "{asked:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_that_cannot_be_unpacked_forbids_everything_for_now() {
    let app = start().await;
    let broken = SitePage::of(200, "text/plain", &[0x1f, 0x8b, 8, 0, 1]).with("content-encoding", "gzip");
    let site = FakeSite::start(&[("/robots.txt", broken), ("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let job = format!("/v1/jobs/{}", started.body["id"].as_str().unwrap());
    eventually(
        "the job waits for its next attempt",
        Duration::from_secs(10),
        async || app.client.get(&job).await.body["state"] == "retryable",
    )
    .await;
    assert_eq!(app.client.get(&job).await.body["error"]["code"], "robots_unavailable");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_asks_for_a_pause_gets_it_and_the_sync_goes_on_from_there() {
    let app = start().await;
    let busy = SitePage {
        times: Some(1),
        ..SitePage::of(429, "text/plain", b"slowly").with("retry-after", "1")
    };
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", busy),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let begun = Instant::now();
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let id = started.body["id"].as_str().unwrap();
    eventually("it was told to wait", Duration::from_secs(10), async || {
        site.request_count() == 3
    })
    .await;
    site.put("/a", page("aardvarks", &[]));
    let job = app.client.ended(id).await;
    settled(&app).await;
    assert_eq!(
        (&job["state"], &job["result"]["ingested"]),
        (&json!("succeeded"), &json!(3)),
        "{job}"
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/robots.txt", "/", "/a", "/a", "/b"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_waits_in_its_slot_says_for_whom_and_until_when() {
    let app = start().await;
    let busy = SitePage::of(429, "text/plain", b"slowly").with("retry-after", "20");
    let site = FakeSite::start(&[("/", page("welcome", &["/a"])), ("/a", busy)]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let job = format!("/v1/jobs/{}", started.body["id"].as_str().unwrap());
    let why = format!("{job}/why");
    eventually("it says what it waits for", Duration::from_secs(10), async || {
        app.client.get(&why).await.body["blocked_by"][0].is_object()
    })
    .await;
    let said = app.client.get(&why).await.body;
    let blocker = &said["blocked_by"][0];
    assert_eq!(
        (&said["state"], &blocker["reason"], &blocker["class"]),
        (&json!("running"), &json!("rate_limit"), &json!("waiting")),
        "{said}"
    );
    let (detail, host) = (blocker["detail"].as_str().unwrap(), site.url.strip_prefix("http://"));
    let asked_for = format!(
        "The other side of the credential web:{} has asked for a pause until ",
        host.unwrap()
    );
    assert!(
        detail.starts_with(&asked_for) && detail.contains("It waits in its slot until "),
        "{said}"
    );
    let shown = app.client.get(&job).await.body;
    let begun = shown["attempts"][0]["started_at"].as_str().unwrap();
    assert!(blocker["since"].as_str().unwrap() > begun, "{said} {shown}");
    app.client.post(&format!("{job}/cancel"), Value::Null).await;
    assert_eq!(
        app.client.ended(started.body["id"].as_str().unwrap()).await["state"],
        "cancelled"
    );
    assert_eq!(app.client.get(&why).await.body["blocked_by"], json!([]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_keep_the_distance_that_is_asked_for_and_say_who_we_are() {
    let app = start().await;
    let site = FakeSite::start(&[
        (
            "/robots.txt",
            SitePage::of(200, "text/plain", b"User-agent: *\nCrawl-delay: 0.4"),
        ),
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let suffix = "(+https://example.com/bot)";
    let (_, source) = make(&app.client, &site, json!({"user_agent_suffix": suffix})).await;
    let begun = Instant::now();
    sync(&app, &source, json!({})).await;
    // Three pages, each 400 ms after the request before.
    assert!(begun.elapsed() >= Duration::from_millis(1200), "{:?}", begun.elapsed());
    for request in site.take_requests() {
        let agent = request.headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("visualkit/") && agent.ends_with(suffix), "{agent}");
    }
    app.finish().await;
}
