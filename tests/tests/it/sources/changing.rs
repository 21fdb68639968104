use super::{documents, items, make, page, start, sync, titles};
use reqwest::Method;
use serde_json::json;
use tests::{FakeSite, SitePage};

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_costs_no_ingest_and_is_still_followed() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/plain"])),
        ("/a", page("aardvarks", &["/b"])),
        ("/b", page("badgers", &[])),
        ("/plain", page("plainly", &[]).without_etag()),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 4);
    let _ = site.take_requests();

    // `/b` is reached only through pages that answer 304, and leads to a new one.
    site.put("/b", page("beavers", &["/c"]));
    site.put("/c", page("camels", &[]));
    let jobs_before = app
        .count("SELECT count(*) AS count FROM jobs WHERE kind = 'ingest_document'")
        .await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ingested"], &result["unchanged"], &result["deleted"]),
        (&json!(2), &json!(3), &json!(0)),
        "{result}"
    );
    let jobs = app
        .count("SELECT count(*) AS count FROM jobs WHERE kind = 'ingest_document'")
        .await;
    assert_eq!(jobs - jobs_before, 2, "only what changed was submitted");
    let not_modified: Vec<String> = site
        .take_requests()
        .into_iter()
        .filter(|request| request.status == 304)
        .map(|request| request.path)
        .collect();
    assert_eq!(not_modified, ["/", "/a"]);
    assert_eq!(
        documents(&app.client, &site, &base).await,
        ["/", "/a", "/b", "/c", "/plain"]
    );
    assert_eq!(titles(&app.client, &base, "beavers").await, ["beavers"]);
    assert!(titles(&app.client, &base, "badgers").await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_access_list_reaches_documents_whose_pages_have_not_changed() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    assert_eq!(titles(&app.client, &base, "welcome").await, ["welcome"]);

    let patch = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
    let patched = app
        .client
        .send(patch.json(&json!({"acl": {"groups": ["staff"]}, "metadata": {"team": "x"}})))
        .await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 1);
    assert!(titles(&app.client, &base, "welcome").await.is_empty());
    assert_eq!(sync(&app, &source, json!({})).await["unchanged"], 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_somebody_deleted_comes_back() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let listed = app.client.get(&format!("/v1/knowledge-bases/{base}/documents")).await;
    let id = listed.body["data"][0]["id"].as_str().unwrap();
    let deleted = app.client.delete(&format!("/v1/documents/{id}")).await;
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 1);
    assert_eq!(documents(&app.client, &site, &base).await, ["/"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_a_sync_would_do_and_does_none_of_it() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b", "/c"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
        ("/c", page("camels", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let dry = json!({"dry_run": true});
    let result = sync(&app, &source, dry.clone()).await;
    assert_eq!(
        (&result["ingested"], &result["dry_run"]),
        (&json!(4), &json!(true)),
        "{result}"
    );
    assert!(documents(&app.client, &site, &base).await.is_empty());
    assert_eq!(items(&app.client, &site, &source).await["/a"], "changed");

    sync(&app, &source, json!({})).await;
    site.remove("/b");
    site.put("/c", SitePage::html("<p>Other camels.</p>"));
    for _ in 0..2 {
        let result = sync(&app, &source, dry.clone()).await;
        assert_eq!(
            (&result["ingested"], &result["unchanged"], &result["deleted"]),
            (&json!(1), &json!(2), &json!(1)),
            "{result}"
        );
    }
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a", "/b", "/c"]);
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ingested"], &result["deleted"]),
        (&json!(1), &json!(1)),
        "{result}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_changes_its_name_leaves_no_document_behind() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a?id=1"])),
        ("/a?id=1", page("aardvarks", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a?id=1"]);
    site.put(
        "/a?id=1",
        SitePage::html("<link rel=canonical href='/a'><p>About aardvarks.</p>"),
    );
    sync(&app, &source, json!({})).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    app.finish().await;
}
