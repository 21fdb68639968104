//! What a site does not say is gone is not deleted, whatever is wrong with it for a while.
use super::{documents, items, make, page, settled, start, start_with, sync};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tests::{FakeSite, SitePage, TestApp, eventually};

pub(super) fn sitemap(paths: &[String]) -> SitePage {
    let urls: String = paths.iter().map(|url| format!("<url><loc>{url}</loc></url>")).collect();
    SitePage::of(200, "application/xml", format!("<urlset>{urls}</urlset>").as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_empty_or_lead_elsewhere_for_a_while_keep_their_documents() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b", "/c", "/d", "/e"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
        ("/c", page("camels", &[])),
        ("/d", page("dingoes", &[])),
        ("/e", page("emus", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    site.put("/a", SitePage::of(200, "text/html", b""));
    site.put("/b", SitePage::redirect(302, "/login"));
    site.put("/c", SitePage::redirect(302, "/c"));
    site.put("/login", page("logins", &[]));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["deleted"], &result["failed"]),
        (&json!(0), &json!(3)),
        "{result}"
    );
    let found = items(&app.client, &site, &source).await;
    let of = |path: &str| found[path].as_str();
    assert_eq!(
        (of("/a"), of("/b"), of("/c"), of("/login")),
        (
            "failed empty",
            "failed temporary_redirect",
            "failed temporary_redirect",
            "ingested"
        )
    );
    assert_eq!(documents(&app.client, &site, &base).await.len(), 7);

    // After a week it is no longer for the time being; a ring never leads anywhere.
    app.execute("UPDATE source_items SET away_since = away_since - interval '8 days'")
        .await;
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    let left = documents(&app.client, &site, &base).await;
    assert_eq!(left, ["/", "/a", "/c", "/d", "/e", "/login"]);
    // What is back is not away any more, and one for good is believed at once.
    site.put("/c", page("camels", &[]));
    site.put("/d", SitePage::redirect(301, "/e"));
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    let away = "SELECT count(*) AS count FROM source_items WHERE away_since IS NOT NULL";
    assert_eq!(app.count(away).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_has_moved_goes_when_the_page_that_it_moved_to_was_read() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a"])),
        ("/a", page("aardvarks", &[])),
        ("/c", SitePage::redirect(301, "/b")),
        ("/b", SitePage::of(500, "text/html", b"oops")),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    // By way of another, to one that cannot be read.
    site.put("/a", SitePage::redirect(301, "/c"));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["deleted"], &result["failed"]),
        (&json!(0), &json!(1)),
        "{result}"
    );
    assert_eq!(items(&app.client, &site, &source).await["/a"], "skipped redirect");
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    // It leads in a ring, and so nowhere.
    site.put("/c", SitePage::redirect(301, "/a"));
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 0);
    site.put("/c", SitePage::redirect(301, "/b"));
    // It was not moved after all: what is there is what was there.
    site.put("/a", page("aardvarks", &[]));
    assert_eq!(sync(&app, &source, json!({})).await["unchanged"], 2);
    site.put("/a", SitePage::redirect(301, "/c"));
    site.put("/b", page("badgers", &[]));
    // Its document is that page's from now on.
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 0);
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/b"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_that_cannot_be_read_for_once_deletes_nothing() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[])), ("/x", page("xylophones", &[]))]).await;
    site.put("/sitemap.xml", sitemap(&[format!("{}/x", site.url)]));
    let (base, source) = make(&app.client, &site, json!({"mode": "both"})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 2);
    let cut = format!("<urlset><url><loc>{}/</loc></url><url>", site.url);
    // Nothing is asked of another host, wherever it is named.
    let other = FakeSite::start(&[]).await;
    let elsewhere = format!("{}/sitemap.xml", other.url);
    let index = format!("<sitemapindex><sitemap><loc>{elsewhere}</loc></sitemap></sitemapindex>");
    for (broken, reason) in [
        (SitePage::of(500, "text/plain", b"oops"), "sitemap_unavailable"),
        (SitePage::of(403, "text/plain", b"no"), "sitemap_unavailable"),
        (SitePage::redirect(302, "/sitemap.xml"), "sitemap_unavailable"),
        (SitePage::redirect(301, &elsewhere), "sitemap_out_of_scope"),
        (
            SitePage::of(200, "application/xml", index.as_bytes()),
            "sitemap_out_of_scope",
        ),
        (SitePage::of(200, "application/xml", b""), "sitemap_broken"),
        (SitePage::of(200, "application/xml", cut.as_bytes()), "sitemap_broken"),
    ] {
        site.put("/sitemap.xml", broken);
        let result = sync(&app, &source, json!({})).await;
        assert_eq!(
            (&result["deleted"], &result["complete"]),
            (&json!(0), &json!(false)),
            "{reason}: {result}"
        );
        let found = items(&app.client, &site, &source).await;
        assert_eq!(found["/sitemap.xml"], format!("failed {reason}"));
        assert_eq!(documents(&app.client, &site, &base).await, ["/", "/x"]);
    }
    // A page that says so in words, or a plain 404: there is none.
    site.put(
        "/sitemap.xml",
        SitePage::of(200, "text/html", b"<!doctype html><p>Not found<br>"),
    );
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    assert_eq!(other.request_count(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_that_names_another_hosts_sitemap_hides_none_of_ours() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[])), ("/x", page("xylophones", &[]))]).await;
    site.put("/sitemap.xml", sitemap(&[format!("{}/x", site.url)]));
    let (base, source) = make(&app.client, &site, json!({"mode": "both"})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 2);
    let other = FakeSite::start(&[]).await;
    let robots = format!("Sitemap: {}/sitemap.xml", other.url);
    site.put("/robots.txt", SitePage::of(200, "text/plain", robots.as_bytes()));
    // Also when ours is gone: the other may list what it listed.
    for unchanged in [2, 1] {
        let result = sync(&app, &source, json!({})).await;
        assert_eq!(
            (&result["unchanged"], &result["deleted"], &result["complete"]),
            (&json!(unchanged), &json!(0), &json!(false)),
            "{result}"
        );
        let found = items(&app.client, &site, &source).await;
        assert_eq!(found["/robots.txt"], "failed sitemap_out_of_scope");
        site.remove("/sitemap.xml");
    }
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/x"]);
    // Told which sitemaps there are, it needs no robots.txt to name them.
    let config = json!({"start_urls": [format!("{}/", site.url)], "min_delay_ms": 20, "sitemaps": [format!("{}/all.xml", site.url)]});
    let patch = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
    let patched = app.client.send(patch.json(&json!({ "config": config }))).await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
    site.put("/all.xml", sitemap(&[format!("{}/", site.url)]));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["deleted"], &result["complete"]),
        (&json!(1), &json!(true)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_another_address_may_still_have_stays_when_not_all_was_seen() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/hub", "/alternative", "/b"])),
        ("/hub", page("hubs", &[])),
        ("/alternative", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    // The same document by an address that the hub leads to.
    app.execute(&format!(
        "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
         SELECT tenant_id, source_id, '{0}/original', sync_id, 2, 'ingested', document_id FROM source_items WHERE url = '{0}/alternative'",
        site.url
    ))
    .await;
    site.put("/hub", SitePage::of(500, "text/html", b"oops"));
    site.remove("/alternative");
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 0);
    assert_eq!(documents(&app.client, &site, &base).await.len(), 4);
    // The hub is there and does not lead to it.
    site.put("/hub", page("hubs", &[]));
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    app.finish().await;
}

/// What a sync reads by a config that is changed meanwhile leads where that config says.
#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_changed_during_a_sync_is_that_of_the_next() {
    let app = start().await;
    let slow = SitePage {
        delay: Duration::from_millis(1500),
        ..page("welcome", &["/a", "/b"])
    };
    let site = FakeSite::start(&[
        ("/", slow),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({"exclude": ["/b"]})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let job = format!("/v1/jobs/{}", started.body["id"].as_str().unwrap());
    eventually("the first page is asked for", Duration::from_secs(20), async || {
        app.client.get(&job).await.body["progress"]["message"] == format!("{}/", site.url)
    })
    .await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "min_delay_ms": 20, "mode": "links"});
    let patch = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
    let patched = app.client.send(patch.json(&json!({ "config": config }))).await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
    app.client.ended(started.body["id"].as_str().unwrap()).await;
    settled(&app).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a", "/b"]);
    app.finish().await;
}

pub(super) async fn two_hosts(app: &TestApp, first: &FakeSite, second: &FakeSite) -> String {
    let base = app.client.knowledge_base("base").await;
    let config = json!({"start_urls": [format!("{}/", first.url), format!("{}/", second.url)], "min_delay_ms": 20, "mode": "both"});
    let body = json!({"kind": "web", "name": "site", "config": config});
    let made = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), body)
        .await;
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_says_not_what_it_allows_costs_only_its_own_pages() {
    let app = start().await;
    let first = FakeSite::start(&[("/", page("welcome", &["/a"])), ("/a", page("aardvarks", &[]))]).await;
    let second = FakeSite::start(&[
        ("/robots.txt", SitePage::of(503, "text/plain", b"oops")),
        ("/", page("elsewhere", &[])),
    ])
    .await;
    let source = two_hosts(&app, &first, &second).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ingested"], &result["complete"]),
        (&json!(2), &json!(false)),
        "{result}"
    );
    let found = items(&app.client, &first, &source).await;
    assert_eq!(found[&format!("{}/", second.url)], "failed robots_unavailable");
    assert!(
        second
            .take_requests()
            .iter()
            .all(|request| request.path == "/robots.txt"),
        "nothing else of it is asked"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_pages_lead_to_what_is_included_without_being_it() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/api/x", "/other"])),
        ("/api/x", page("xylophones", &[])),
        ("/other", page("others", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({"include": ["/api/*"]})).await;
    sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/api/x"]);
    assert_eq!(items(&app.client, &site, &source).await["/"], "skipped excluded");
    app.finish().await;
}

/// What it leads to was not seen then, and nobody said that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_document_that_cannot_be_read_for_once_hides_nothing_behind_it() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/a", page("hubs", &["/api/a1", "/api/a2"])),
        ("/b", page("others", &["/api/b1", "/api/b2"])),
        ("/api/a1", page("aardvarks", &[])),
        ("/api/a2", page("antelopes", &[])),
        ("/api/b1", page("badgers", &[])),
        ("/api/b2", page("beavers", &[])),
    ])
    .await;
    let start_urls = [format!("{}/a", site.url), format!("{}/b", site.url)];
    let (base, source) = make(
        &app.client,
        &site,
        json!({"include": ["/api/*"], "start_urls": start_urls}),
    )
    .await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 4);
    for (ill, reason) in [
        (SitePage::of(200, "text/html", b""), "empty"),
        (SitePage::redirect(302, "/maintenance"), "temporary_redirect"),
    ] {
        site.put("/a", ill);
        let result = sync(&app, &source, json!({})).await;
        assert_eq!(
            (&result["deleted"], &result["complete"]),
            (&json!(0), &json!(false)),
            "{reason}: {result}"
        );
        let found = items(&app.client, &site, &source).await;
        assert_eq!(found["/a"], format!("failed {reason}"));
    }
    // It is there, and leads to one of them only.
    site.put("/a", page("hubs", &["/api/a1"]));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["deleted"], &result["complete"]),
        (&json!(1), &json!(true)),
        "{result}"
    );
    assert_eq!(
        documents(&app.client, &site, &base).await,
        ["/api/a1", "/api/b1", "/api/b2"]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_is_read_where_it_has_moved_and_an_index_without_end_is_given_up() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &[])),
        ("/x", page("xylophones", &[])),
        ("/sitemap.xml", SitePage::redirect(301, "/moved.xml")),
    ])
    .await;
    let index: String = (0..2000)
        .map(|number| format!("<sitemap><loc>{}/{number}.xml</loc></sitemap>", site.url))
        .collect();
    let index = format!(
        "<sitemapindex><sitemap><loc>{}/real.xml</loc></sitemap>{index}</sitemapindex>",
        site.url
    );
    site.put("/moved.xml", SitePage::of(200, "application/xml", index.as_bytes()));
    site.put("/real.xml", sitemap(&[format!("{}/x", site.url)]));
    let (base, source) = make(&app.client, &site, json!({"mode": "sitemap"})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/x"]);
    assert_eq!(result["complete"], false, "{result}");
    let found = items(&app.client, &site, &source).await;
    assert_eq!(found["/moved.xml"], "failed too_many_sitemaps");
    let asked = site.take_requests();
    let maps = asked.iter().filter(|request| request.path.ends_with(".xml")).count();
    assert!((100..=201).contains(&maps), "{maps}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_always_limits_us_costs_itself_and_nothing_behind_it() {
    let app = start().await;
    let limiting = SitePage::of(503, "text/html", b"guru meditation").with("retry-after", "1");
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", limiting),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let id = started.body["id"].as_str().unwrap();
    let job = app.client.ended_within(id, Duration::from_secs(240)).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    settled(&app).await;
    assert_eq!(items(&app.client, &site, &source).await["/a"], "failed limited");
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/b"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_once_is_asked_for_again_when_all_others_have_been_looked_at() {
    let app = start().await;
    let broken = || SitePage::of(502, "text/html", b"bad gateway");
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b", "/c"])),
        ("/a", broken().then(page("aardvarks", &["/d"]))),
        ("/b", broken()),
        ("/c", page("camels", &[])),
        ("/d", broken().then(page("dingoes", &[]))),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a", "/c", "/d"]);
    let counts = ["found", "fetched", "ingested", "failed"].map(|name| result[name].as_i64());
    assert_eq!(counts, [Some(5), Some(8), Some(4), Some(1)], "{result}");
    assert_eq!(items(&app.client, &site, &source).await["/b"], "failed server_error");
    assert_eq!(result["complete"], false, "{result}");
    let asked: Vec<String> = site.take_requests().into_iter().map(|request| request.path).collect();
    let of_pages: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|path| path.len() <= 2)
        .collect();
    assert_eq!(of_pages, ["/", "/a", "/b", "/c", "/a", "/b", "/d", "/d"], "{asked:?}");

    // Nothing is left out by then.
    site.put("/b", broken().then(page("badgers", &[])));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["complete"], &result["failed"]),
        (&json!(true), &json!(0)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_down_is_not_asked_for_all_its_pages_again() {
    // Its circuit would open first.
    let app = start_with(vec![("governor.failures_to_open", "1000".to_owned())]).await;
    let paths: Vec<String> = (0..120).map(|number| format!("/{number}")).collect();
    let links: Vec<&str> = paths.iter().map(String::as_str).collect();
    let site = FakeSite::start(&[("/", page("welcome", &links))]).await;
    for path in &paths {
        site.put(path, SitePage::of(500, "text/html", b"oops"));
    }
    let (_, source) = make(&app.client, &site, json!({})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["failed"], &result["complete"]),
        (&json!(120), &json!(false)),
        "{result}"
    );
    let asked = site.take_requests();
    let again = asked.iter().filter(|request| request.path == "/7").count();
    assert_eq!(again, 1);
    app.finish().await;
}
