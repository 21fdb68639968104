use super::{documents, make, page, settled, start, sync, titles};
use crate::webhooks::hook;
use serde_json::{Value, json};
use tests::{Client, FakeSite, Receiver, SitePage};

async fn five_pages() -> FakeSite {
    FakeSite::start(&[
        ("/", page("welcome", &["/a", "/b", "/c", "/d"])),
        ("/a", page("aardvarks", &[])),
        ("/b", page("badgers", &[])),
        ("/c", page("camels", &[])),
        ("/d", page("dingoes", &[])),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_gone_or_no_longer_linked_lose_their_documents() {
    let (app, site) = (start().await, five_pages().await);
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    // One is not found, and one is there but nothing leads to it.
    site.remove("/a");
    site.put("/", page("welcome", &["/a", "/c", "/d"]));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&result["deleted"], &result["deletions_withheld"]),
        (&json!(2), &json!(0)),
        "{result}"
    );
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/c", "/d"]);
    assert!(titles(&app.client, &base, "badgers").await.is_empty());
    // A page that is not to be indexed any more is gone for us.
    site.put("/c", page("camels", &[]).with("x-robots-tag", "noindex"));
    assert_eq!(sync(&app, &source, json!({})).await["deleted"], 1);
    assert_eq!(documents(&app.client, &site, &base).await, ["/", "/d"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_ill_empties_nothing_unless_somebody_says_so() {
    let (app, site) = (start().await, five_pages().await);
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let all = ["/", "/a", "/b", "/c", "/d"];

    // The page with the links cannot be read: nothing else is seen.
    site.put("/", SitePage::of(500, "text/html", b"oops"));
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (
            &result["deleted"],
            &result["deletions_withheld"],
            &result["deletions_withheld_because"]
        ),
        (&json!(0), &json!(4), &json!("incomplete")),
        "{result}"
    );
    assert_eq!(documents(&app.client, &site, &base).await, all);

    // All of it answers 404.
    for path in all {
        site.remove(path);
    }
    let result = sync(&app, &source, json!({})).await;
    assert_eq!(
        (
            &result["deleted"],
            &result["deletions_withheld"],
            &result["deletions_withheld_because"]
        ),
        (&json!(0), &json!(5), &json!("more_than_half")),
        "{result}"
    );
    assert_eq!(documents(&app.client, &site, &base).await, all);

    let result = sync(&app, &source, json!({"force_deletions": true})).await;
    assert_eq!(
        (&result["deleted"], &result["deletions_withheld"]),
        (&json!(5), &json!(0)),
        "{result}"
    );
    assert!(documents(&app.client, &site, &base).await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_takes_its_documents_with_it_unless_they_are_to_stay() {
    let (app, site) = (start().await, five_pages().await);
    let (base, source) = make(&app.client, &site, json!({})).await;
    let own = json!({"title": "Own", "content": "By hand.", "mime_type": "text/plain", "external_id": "own"});
    app.client.ingest(&base, own).await;
    let other = json!({"kind": "web", "name": "other", "config": {"start_urls": [format!("{}/a", site.url)], "mode": "links", "min_delay_ms": 20}});
    let other = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), other)
        .await;
    let other = other.body["id"].as_str().unwrap();
    sync(&app, other, json!({})).await;
    sync(&app, &source, json!({})).await;

    let receiver = Receiver::start(&[]).await;
    let hook = hook(&app.client, &receiver, &["document.deleted"]).await;
    let deleted = app.client.delete(&format!("/v1/sources/{source}")).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    settled(&app).await;
    // Each document that went is told, by the job that took it.
    let told = receiver.receive(4).await;
    let by_job = told.iter().filter(|one| one.json()["data"]["job_id"] == job["id"]);
    assert_eq!((by_job.count(), told.len()), (4, 4));
    hook.in_state(&app.client, "delivered").await;
    // What another source has stays.
    assert_eq!(job["result"]["documents"], 4, "{job}");
    assert_eq!(documents(&app.client, &site, &base).await, ["/a", "own"]);
    app.client
        .get(&format!("/v1/sources/{source}"))
        .await
        .expect_problem(404, "not_found");

    let kept = app
        .client
        .delete(&format!("/v1/sources/{other}?keep_documents=true"))
        .await;
    app.client.ended(kept.body["id"].as_str().unwrap()).await;
    assert_eq!(documents(&app.client, &site, &base).await, ["/a", "own"]);
    for table in ["sources", "source_items", "source_syncs"] {
        assert_eq!(
            app.count(&format!("SELECT count(*) AS count FROM {table}")).await,
            0,
            "{table}"
        );
    }
    app.finish().await;
}

/// How many documents a search for all of them finds under the filter.
async fn found(client: &Client, base: &str, filter: Value) -> usize {
    let query = "this page says so at length";
    let body = json!({"knowledge_base_ids": [base], "query": query, "mode": "keyword", "filter": filter});
    client.search(body).await["results"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_outlive_their_source_come_from_it_no_longer() {
    let (app, site) = (start().await, five_pages().await);
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    // A replica has them as they are now.
    let of_source = json!({ "$source_id": source });
    assert_eq!(found(&app.client, &base, of_source.clone()).await, 5);
    let path = format!("/v1/sources/{source}?keep_documents=true");
    let deleted = app.client.delete(&path).await;
    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(job["result"]["documents"], 0, "{job}");
    assert_eq!(found(&app.client, &base, of_source).await, 0);
    let of_none = json!({"$source_id": {"exists": false}});
    assert_eq!(found(&app.client, &base, of_none).await, 5);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_two_sources_comes_from_the_other_when_one_goes() {
    let (app, site) = (start().await, five_pages().await);
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    assert_eq!(found(&app.client, &base, json!({ "$source_id": source })).await, 5);
    let other = json!({"kind": "web", "name": "other", "config": {"start_urls": [format!("{}/a", site.url)]}});
    let made = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), other)
        .await;
    let other = made.body["id"].as_str().unwrap();
    app.execute(&format!(
        "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
         SELECT tenant_id, '{other}', url, sync_id, 0, 'ingested', document_id FROM source_items WHERE url = '{}/a'",
        site.url
    ))
    .await;
    let deleted = app.client.delete(&format!("/v1/sources/{source}")).await;
    let job = app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    assert_eq!(job["result"]["documents"], 4, "{job}");
    assert_eq!(found(&app.client, &base, json!({ "$source_id": other })).await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_more_than_twenty_redirects_away_keeps_its_document() {
    let links: Vec<String> = (0..25).map(|number| format!("/{number:02}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).chain(["/end"]).collect();
    let (app, site) = (start().await, FakeSite::start(&[("/", page("welcome", &links))]).await);
    for link in &links {
        site.put(link, page(&format!("number{}", &link[1..]), &[]));
    }
    let (base, source) = make(&app.client, &site, json!({})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 27);
    // Each leads to the next for good, and the last to one that is as it was.
    for pair in links.windows(2) {
        site.put(pair[0], SitePage::redirect(301, pair[1]));
    }
    let result = sync(&app, &source, json!({"force_deletions": true})).await;
    assert_eq!(result["deleted"], 20, "{result}");
    assert_eq!(
        documents(&app.client, &site, &base).await,
        ["/", "/00", "/01", "/02", "/03", "/04", "/end"]
    );
    app.finish().await;
}
