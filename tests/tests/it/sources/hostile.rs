use super::{documents, items, make, page, start, sync};
use serde_json::json;
use std::time::Duration;
use tests::{FakeSite, SitePage};

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use flate2::write::GzEncoder;
    use std::io::Write;
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_huge_slow_or_broken_costs_one_page() {
    let app = start().await;
    let links = [
        "/huge", "/bomb", "/slow", "/broken", "/nul", "/empty", "/odd", "/error", "/a",
    ];
    let site = FakeSite::start(&[
        ("/", page("welcome", &links)),
        ("/huge", SitePage::of(200, "text/html", &vec![b'x'; 200_000])),
        (
            "/bomb",
            SitePage::of(200, "text/html", &gzip(&vec![b' '; 5_000_000])).with("content-encoding", "gzip"),
        ),
        ("/slow", page("slow", &[]).slow(Duration::from_secs(20))),
        (
            "/broken",
            SitePage::of(200, "text/html", b"no gzip").with("content-encoding", "gzip"),
        ),
        ("/nul", SitePage::of(200, "text/html", b"<p>a\0b</p>")),
        ("/empty", SitePage::of(200, "text/html", b" \n ")),
        (
            "/odd",
            SitePage::of(200, "text/html", b"x").with("content-encoding", "zstd"),
        ),
        ("/error", SitePage::of(503, "text/html", b"later")),
        ("/a", page("aardvarks", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({"max_page_bytes": 100_000})).await;
    let result = sync(&app, &source, json!({})).await;
    let found = items(&app.client, &site, &source).await;
    for (path, status) in [
        ("/huge", "skipped too_large"),
        ("/bomb", "skipped too_large"),
        ("/slow", "failed timeout"),
        ("/broken", "failed unreadable"),
        ("/nul", "skipped contains_nul"),
        ("/empty", "skipped empty"),
        ("/odd", "skipped unsupported_encoding"),
        ("/error", "failed server_error"),
        ("/a", "ingested"),
    ] {
        assert_eq!(found[path], status, "{path}");
    }
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    assert_eq!(
        (&result["failed"], &result["complete"]),
        (&json!(3), &json!(false)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_sitemaps_expand_to_nothing_and_lead_nowhere_else() {
    let app = start().await;
    let site = FakeSite::start(&[("/ok", page("welcome", &[]))]).await;
    let sitemap = format!(
        "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><urlset>
         <url><loc>{0}/&f;</loc></url><url><loc>{0}/&b;</loc></url><url><loc>http://169.254.169.254/</loc></url>
         <url><loc>file:///etc/passwd</loc></url><url><loc>{0}/ok</loc></url></urlset>",
        site.url
    );
    site.put("/sitemap.xml", SitePage::of(200, "text/xml", sitemap.as_bytes()));
    let (_, source) = make(&app.client, &site, json!({"mode": "sitemap"})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["found"], &result["ingested"]),
        (&json!(1), &json!(1)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_ones_own_network_is_not_asked_even_if_it_is_in_the_config() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    // As if it had been made where that was allowed; here only loopback is.
    app.execute(
        "UPDATE sources SET config = jsonb_set(config, '{start_urls}', '[\"http://169.254.169.254/latest/\"]')",
    )
    .await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let job = app.client.ended(started.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("integration")),
        "{job}"
    );
    assert!(
        job["error"]["message"].as_str().unwrap().contains("not allowed"),
        "{job}"
    );
    assert_eq!(site.request_count(), 0);
    app.abandon().await;
}
