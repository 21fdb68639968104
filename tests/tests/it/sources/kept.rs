//! What is served of a page stays while nobody says that the page is gone, whatever became of a later version.
use super::evidence::sitemap;
use super::{items, make, page, start, sync, titles};
use serde_json::json;
use tests::{FakeSite, SitePage};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_newest_version_failed_is_not_taken_for_gone_when_its_site_is_odd_for_once() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &[])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let addresses = ["/", "/a", "/b"].map(|path| format!("{}{path}", site.url));
    site.put("/sitemap.xml", sitemap(&addresses));
    // No links are kept of its pages.
    let (base, source) = make(&app.client, &site, json!({"mode": "sitemap"})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 3);

    // Its next version has no letter in it.
    site.put("/a", SitePage::html("<p>…</p>"));
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 1);
    let dead = "SELECT count(*) AS count FROM jobs WHERE kind = 'ingest_document' AND state = 'dead'";
    assert_eq!(app.count(dead).await, 1);
    assert_eq!(titles(&app.client, &base, "aardvarks").await, ["aardvarks"]);

    for (odd, reason) in [
        (SitePage::of(200, "text/html", b" "), "empty"),
        (SitePage::of(200, "text/html", b"a\0b"), "contains_nul"),
        (SitePage::redirect(302, "https://login.example/"), "temporary_redirect"),
    ] {
        site.put("/a", odd);
        let result = sync(&app, &source, json!({})).await;
        assert_eq!(
            (&result["failed"], &result["deleted"]),
            (&json!(1), &json!(0)),
            "{reason}: {result}"
        );
        let found = items(&app.client, &site, &source).await;
        assert_eq!(found["/a"], format!("failed {reason}"));
        assert_eq!(titles(&app.client, &base, "aardvarks").await, ["aardvarks"]);
    }
    // The site's own word counts as it does for every page.
    site.remove("/a");
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    assert!(titles(&app.client, &base, "aardvarks").await.is_empty());
    app.abandon().await;
}
