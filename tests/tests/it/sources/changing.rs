use super::{documents, items, make, page, settled, start, sync, titles};
use crate::collections::collection;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::{FakeSite, SitePage, TestApp, eventually};

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

async fn change(app: &TestApp, source: &str, body: Value) {
    let patch = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
    let patched = app.client.send(patch.json(&body)).await;
    assert_eq!(patched.status.as_u16(), 200, "{}", patched.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_access_list_is_that_of_all_its_documents_at_once() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &["/a"])), ("/a", page("aardvarks", &[]))]).await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let own =
        json!({"title": "Own", "content": "Welcome by hand.", "mime_type": "text/plain", "acl": {"public": true}});
    app.client.ingest(&base, own).await;
    sync(&app, &source, json!({})).await;
    assert_eq!(titles(&app.client, &base, "aardvarks").await, ["aardvarks"]);
    // Pages that cannot be read any more are hidden as well.
    site.put("/a", SitePage::of(500, "text/html", b"broken"));
    let body = json!({"acl": {"groups": ["staff"]}, "metadata": {"team": "x"}});
    change(&app, &source, body.clone()).await;
    assert!(titles(&app.client, &base, "aardvarks").await.is_empty());
    assert_eq!(
        titles(&app.client, &base, "welcome").await,
        ["Own"],
        "it is not the source's"
    );
    let staff = json!({"knowledge_base_ids": [base], "query": "aardvarks", "mode": "keyword", "filter": {"team": "x"},
        "principal": {"user": "somebody", "groups": ["staff"]}});
    assert_eq!(
        app.client.search(staff.clone()).await["results"][0]["title"],
        "aardvarks"
    );

    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["unchanged"], &result["failed"], &result["ingested"]),
        (&json!(1), &json!(1), &json!(0)),
        "nothing is ingested again: {result}"
    );
    let changes = "SELECT count(*) AS count FROM index_changes";
    let before = app.count(changes).await;
    change(&app, &source, body).await;
    assert_eq!(app.count(changes).await, before, "as it was");
    assert_eq!(app.client.search(staff).await["results"][0]["title"], "aardvarks");
    let animals = collection(&app.client, &base, "animals").await;
    change(
        &app,
        &source,
        json!({"acl": {"groups": ["all"]}, "collection_id": animals}),
    )
    .await;
    assert_eq!(app.count(changes).await, before + 2, "each page once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_runs_submits_with_the_access_list_of_that_moment() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a"])),
        ("/a", page("aardvarks", &[]).slow(Duration::from_millis(1500))),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    eventually("the second page is being read", Duration::from_secs(10), async || {
        app.count("SELECT count(*) AS count FROM source_items WHERE status = 'ingested'")
            .await
            == 1
    })
    .await;
    change(&app, &source, json!({"acl": {"groups": ["staff"]}})).await;
    app.client.ended(started.body["id"].as_str().unwrap()).await;
    settled(&app).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a"]);
    for words in ["welcome", "aardvarks"] {
        assert!(titles(&app.client, &base, words).await.is_empty(), "{words}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_another_source_has_keeps_its_access_list() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/staff/a", "/b"])),
        ("/staff/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, everything) = make(&app.client, &site, json!({})).await;
    let config = json!({"start_urls": [format!("{}/staff/a", site.url)], "mode": "links", "min_delay_ms": 20});
    let body = json!({"kind": "web", "name": "staff", "config": config, "acl": {"groups": ["staff"]}});
    let staff = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), body)
        .await;
    let staff = staff.body["id"].as_str().unwrap().to_owned();
    assert_eq!(sync(&app, &staff, json!({})).await["ingested"], 1);
    for changed in ["aardvarks", "anteaters"] {
        site.put("/staff/a", page(changed, &[]));
        sync(&app, &everything, json!({})).await;
        assert_eq!(
            items(&app.client, &site, &everything).await["/staff/a"],
            "skipped other_source"
        );
        sync(&app, &staff, json!({})).await;
        assert!(titles(&app.client, &base, changed).await.is_empty());
    }
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/b", "/staff/a"]);
    // When that source is gone, the page is free.
    let deleted = app.client.delete(&format!("/v1/sources/{staff}")).await;
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    sync(&app, &everything, json!({})).await;
    assert_eq!(titles(&app.client, &base, "anteaters").await, ["anteaters"]);
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
        let syncs = app
            .client
            .get(&format!("/v1/sources/{source}/syncs?limit=1"))
            .await
            .body;
        assert_eq!(syncs["data"][0]["deleted"], 1, "{syncs}");
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

/// Each document's id by its path, as it is now.
async fn ids(app: &TestApp, site: &FakeSite, base: &str) -> BTreeMap<String, String> {
    let listed = app.client.get(&format!("/v1/knowledge-bases/{base}/documents")).await;
    let data = listed.body["data"].as_array().unwrap();
    data.iter()
        .map(|document| {
            let path = document["external_id"]
                .as_str()
                .unwrap()
                .strip_prefix(&site.url)
                .unwrap();
            (path.to_owned(), document["id"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn called(words: &str, canonical: &str) -> SitePage {
    let said = "This page says more about them, at length.";
    SitePage::html(&format!(
        "<title>{words}</title><link rel=canonical href='{canonical}'><h1>{words}</h1><p>{said}</p>"
    ))
}

/// What is submitted is not ingested for a while: both pages are found as they were. Returns the pause.
async fn synced_while_ingests_wait(app: &TestApp, base: &str, source: &str) -> String {
    let paused = app.client.post("/v1/pauses", json!({"kind": "ingest_document"})).await;
    assert_eq!(paused.status.as_u16(), 201, "{}", paused.text);
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let ended = app.client.ended(started.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&ended["result"]["ingested"], &ended["result"]["deleted"]),
        (&json!(2), &json!(0)),
        "{ended}"
    );
    for words in ["aardvarks", "badgers"] {
        assert_eq!(titles(&app.client, base, words).await, [words]);
    }
    paused.body["id"].as_str().unwrap().to_owned()
}

async fn resume(app: &TestApp, pause: &str) {
    let resumed = app.client.delete(&format!("/v1/pauses/{pause}")).await;
    assert_eq!(resumed.status.as_u16(), 204, "{}", resumed.text);
    settled(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_have_moved_keep_their_documents_and_are_found_all_the_while() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
        ("/by", SitePage::redirect(308, "/docs/b")),
        ("/docs/a", page("aardvarks", &[])),
        ("/docs/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let before = ids(&app, &site, &base).await;
    site.put("/a", SitePage::redirect(301, "/docs/a"));
    site.put("/b", SitePage::redirect(301, "/by"));
    let paused = synced_while_ingests_wait(&app, &base, &source).await;
    resume(&app, &paused).await;
    let after = ids(&app, &site, &base).await;
    assert_eq!(after.len(), 3);
    assert_eq!((&after["/docs/a"], &after["/docs/b"]), (&before["/a"], &before["/b"]));
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 0);
    assert_eq!(app.count("SELECT count(*) FROM deletions").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_led_to_others_too_late_stay_until_those_are_searchable() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/x", "/y"])),
        ("/x", page("aardvarks", &[])),
        ("/y", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    // Both lead to one, which is read before them.
    site.put("/", page("welcome", &["/d", "/x", "/y"]));
    site.put("/d", page("both", &[]));
    site.put("/x", SitePage::redirect(301, "/d"));
    site.put("/y", SitePage::redirect(301, "/d"));
    let paused = synced_while_ingests_wait(&app, &base, &source).await;
    resume(&app, &paused).await;
    let forced = sync(&app, &source, json!({"force_deletions": true})).await;
    assert_eq!(forced["deleted"], 2, "{forced}");
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/d"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_change_their_names_keep_their_documents_and_are_found_all_the_while() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let before = ids(&app, &site, &base).await;
    site.put("/a", called("aardvarks", "/a/"));
    site.put("/b", called("badgers", "/b/"));
    let paused = synced_while_ingests_wait(&app, &base, &source).await;
    let address = json!(format!("{}/a/", site.url));
    let by_name = json!({"knowledge_base_ids": [base], "query": "aardvarks", "mode": "keyword", "filter": {"$external_id": address}});
    let found = app.client.search(by_name).await;
    assert_eq!(found["results"][0]["url"], address, "{found}");

    resume(&app, &paused).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/a/", "/b/"]);
    let after = ids(&app, &site, &base).await;
    assert_eq!((&after["/a/"], &after["/b/"]), (&before["/a"], &before["/b"]));
    assert_eq!(app.count("SELECT count(*) FROM deletions").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_takes_the_name_of_another_loses_its_document_which_is_counted() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    site.put("/a", called("anteaters", "/b"));
    let result = sync(&app, &source, json!({})).await;
    let receipts = app.count("SELECT count(*) FROM deletions").await;
    assert_eq!((&result["deleted"], receipts), (&json!(1), 1), "{result}");
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/b"]);
    assert_eq!(titles(&app.client, &base, "anteaters").await, ["anteaters"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_document_failed_says_so_though_it_was_submitted() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/script"])),
        ("/script", SitePage::html("<p>…</p>")),
    ])
    .await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["ingested"], &result["failed"]),
        (&json!(2), &json!(0)),
        "{result}"
    );
    let listed = app.client.get(&format!("/v1/sources/{source}/items")).await.body;
    let of = |path: &str| {
        let items = listed["data"].as_array().unwrap();
        let item = items
            .iter()
            .find(|item| item["url"] == format!("{}{path}", site.url))
            .unwrap();
        (
            item["status"].clone(),
            item["document_state"].clone(),
            item["document_error"]["code"].clone(),
        )
    };
    assert_eq!(of("/"), (json!("ingested"), json!("ready"), Value::Null));
    assert_eq!(of("/script"), (json!("ingested"), json!("failed"), json!("no_text")));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_metadata_opens_nothing_that_is_still_served_from_before_the_source() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/board"])),
        ("/board", SitePage::html("<p>…</p>")),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let by_hand = json!({"title": "Board", "content": "The board is paid in whale oil.", "mime_type": "text/plain",
        "external_id": format!("{}/board", site.url), "acl": {"users": ["ada"]}});
    assert_eq!(app.client.ingest(&base, by_hand).await["state"], "succeeded");
    sync(&app, &source, json!({})).await;
    let found = async || {
        let page = app.client.with_key(Some(&app.publishable_key));
        let search = page
            .request(Method::POST, "/v1/search")
            .header("origin", "http://localhost");
        let query = json!({"knowledge_base_ids": [base], "query": "whale oil", "mode": "keyword"});
        let found = page.send(search.header("prefer", "wait=20").json(&query)).await;
        found.body["result"]["results"].as_array().unwrap().len()
    };
    assert_eq!(found().await, 0, "the page failed, and what is served is for Ada");
    change(&app, &source, json!({"metadata": {"shelf": 2}})).await;
    assert_eq!(found().await, 0, "nobody asked for that");
    change(&app, &source, json!({"acl": {"public": true}})).await;
    assert_eq!(found().await, 1, "this is what was asked for");
    app.abandon().await;
}
