//! What a site can make a sync do is bounded: how many addresses it leads to before there is a page, and how long it has the sync wait.
use super::evidence::two_hosts;
use super::{documents, items, make, page, settled, start, start_with, sync};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeSite, SitePage, eventually};

/// More than any sync may take.
fn come_back_tomorrow() -> SitePage {
    SitePage::of(429, "text/plain", b"tomorrow").with("retry-after", "86400")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_that_leads_on_without_end_is_given_up() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let sitemaps = [format!("{}/onwards/0", site.url)];
    let (base, source) = make(&app.client, &site, json!({"mode": "both", "sitemaps": sitemaps})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(result["complete"], false, "{result}");
    assert_eq!(documents(&app.client, &site, &base).await, ["/"]);
    let found = items(&app.client, &site, &source).await;
    assert_eq!(found["/onwards/200"], "failed too_many_sitemaps", "{found:?}");
    let asked = site.take_requests();
    let maps = asked.iter().filter(|request| request.path.starts_with("/onwards/"));
    assert_eq!(maps.count(), 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_an_address_of_many_thousand_letters_is_not_followed() {
    let app = start().await;
    let long = format!("/{}", "x".repeat(9000));
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a"])),
        ("/a", SitePage::redirect(301, &long)),
        ("/sitemap.xml", SitePage::redirect(301, &long)),
    ])
    .await;
    let (_, source) = make(&app.client, &site, json!({"mode": "both"})).await;
    sync(&app, &source, json!({})).await;
    let found = items(&app.client, &site, &source).await;
    let of = |path: &str| found.get(path).map(String::as_str);
    assert_eq!(
        (of("/sitemap.xml"), of("/a")),
        (Some("failed sitemap_unavailable"), Some("failed bad_redirect")),
        "{found:?}"
    );
    assert!(site.take_requests().iter().all(|request| request.path != long));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_sync_holds_while_sitemaps_are_read() {
    let mut app = start_with(vec![("workers.drain_secs", "0".to_owned())]).await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let listed: String = (0..100)
        .map(|number| format!("<sitemap><loc>{}/{number}.xml</loc></sitemap>", site.url))
        .collect();
    let index = format!("<sitemapindex>{listed}</sitemapindex>");
    site.put("/sitemap.xml", SitePage::of(200, "application/xml", index.as_bytes()));
    for number in 0..100 {
        let empty = SitePage::of(200, "application/xml", b"<urlset></urlset>");
        site.put(&format!("/{number}.xml"), empty.slow(Duration::from_millis(200)));
    }
    let (_, source) = make(&app.client, &site, json!({"mode": "both"})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    eventually("sitemaps are read", Duration::from_secs(20), async || {
        site.request_count() > 4
    })
    .await;
    app.stop_workers().await;
    // As if its hour were over.
    app.execute("UPDATE source_syncs SET started_at = now() - interval '2 hours'")
        .await;
    let _ = site.take_requests();
    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(started.body["id"].as_str().unwrap()).await;
    settled(&app).await;
    assert_eq!(
        (&ended["result"]["ended_early"], &ended["result"]["complete"]),
        (&json!("time_limit"), &json!(false)),
        "{ended}"
    );
    let asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/robots.txt"]);
    // Whoever comes next does not know what the others list, and begins anew.
    let seeded = "SELECT count(*) AS count FROM source_syncs WHERE seeded_at IS NOT NULL";
    assert_eq!(app.count(seeded).await, 0);
    for number in 0..100 {
        site.remove(&format!("/{number}.xml"));
    }
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["continued"], &result["ingested"], &result["ended_early"]),
        (&json!(0), &json!(1), &Value::Null),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_has_us_wait_for_longer_than_a_sync_may_take_ends_it() {
    let app = start().await;
    let site = FakeSite::start(&[("/robots.txt", come_back_tomorrow()), ("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({"mode": "both"})).await;
    let put_off = async || {
        let result = sync(&app, &source, json!({})).await;
        assert_eq!(
            (&result["ended_early"], &result["complete"], &result["ingested"]),
            (&json!("put_off"), &json!(false), &json!(0)),
            "{result}"
        );
    };
    put_off().await;
    // This one is told by the governor, which has heard it, and when it looks at the first page.
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
    let patch = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
    let patched = app.client.send(patch.json(&json!({ "config": config }))).await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
    put_off().await;
    let asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/robots.txt"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_could_not_wait_for_is_gone_on_with_by_the_next() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b", "/c"])),
        ("/a", page("aardvarks", &[])),
        ("/b", come_back_tomorrow()),
        ("/c", page("camels", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ended_early"], &result["ingested"], &result["found"]),
        (&json!("put_off"), &json!(2), &json!(4)),
        "{result}"
    );
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    let _ = site.take_requests();
    // It is not tomorrow yet.
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ended_early"], &result["continued"], &result["found"]),
        (&json!("put_off"), &json!(2), &json!(4)),
        "{result}"
    );
    assert_eq!(site.request_count(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_among_several_that_has_us_wait_for_too_long_costs_only_its_own_pages() {
    let app = start().await;
    let first = FakeSite::start(&[("/", page("welcome", &["/a"])), ("/a", page("aardvarks", &[]))]).await;
    let second = FakeSite::start(&[("/robots.txt", come_back_tomorrow()), ("/", page("elsewhere", &[]))]).await;
    let source = two_hosts(&app, &first, &second).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ingested"], &result["complete"], &result["ended_early"]),
        (&json!(2), &json!(false), &Value::Null),
        "{result}"
    );
    let found = items(&app.client, &first, &source).await;
    assert_eq!(found[&format!("{}/", second.url)], "failed robots_unavailable");
    app.finish().await;
}
