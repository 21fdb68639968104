//! Sources: a web site that is read into a knowledge base, and kept up with.
mod bounds;
mod changing;
mod command_line;
mod configuring;
mod crawling;
mod deleting;
mod encodings;
mod evidence;
mod hostile;
mod kept;
mod polite;
mod running;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Client, FakeSite, SitePage, TestApp, TestOptions};

/// Pages are asked for without much delay, and what does not answer is given up after two seconds.
pub(crate) async fn start() -> TestApp {
    start_with(Vec::new()).await
}

async fn start_with(more: Vec<(&'static str, String)>) -> TestApp {
    let mut settings = vec![("outgoing.timeout_secs", "2".to_owned())];
    settings.extend(more);
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A page that says `words` and leads to `links`.
pub(crate) fn page(words: &str, links: &[&str]) -> SitePage {
    let links: String = links
        .iter()
        .map(|link| format!("<li><a href='{link}'>{link}</a>"))
        .collect();
    SitePage::html(&format!(
        "<html><head><title>{words}</title></head><body><main><h1>{words}</h1><p>This page is about {words}, and says so at length.</p><ul>{links}</ul></main></body></html>"
    ))
}

/// Makes a knowledge base and a web source of the site, with this config besides; returns the ids of both.
pub(crate) async fn make(client: &Client, site: &FakeSite, more: Value) -> (String, String) {
    let base = client.knowledge_base("base").await;
    let mut config = json!({"start_urls": [format!("{}/", site.url)], "min_delay_ms": 20, "mode": "links"});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = json!({"kind": "web", "name": "site", "config": config, "acl": {"public": true}});
    let made = client.post(&format!("/v1/knowledge-bases/{base}/sources"), body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    (base, made.body["id"].as_str().unwrap().to_owned())
}

/// Syncs, waits until its documents are ingested or deleted too, and returns the result.
pub(crate) async fn sync(app: &TestApp, source: &str, options: Value) -> Value {
    let started = app.client.post(&format!("/v1/sources/{source}/sync"), options).await;
    assert_eq!(started.status.as_u16(), 202, "{}", started.text);
    let job = app.client.ended(started.body["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    settled(app).await;
    job["result"].clone()
}

/// Nothing is left to do.
async fn settled(app: &TestApp) {
    let unended = "SELECT count(*) AS count FROM jobs WHERE state NOT IN ('succeeded', 'dead', 'cancelled')";
    tests::eventually("all jobs have ended", std::time::Duration::from_secs(30), async || {
        app.count(unended).await == 0
    })
    .await;
}

/// Each path that was found, with its status and its reason.
async fn items(client: &Client, site: &FakeSite, source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/v1/sources/{source}/items?limit=7{cursor}")).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        for item in page.body["data"].as_array().unwrap() {
            let url = item["url"].as_str().unwrap();
            let path = url.strip_prefix(&site.url).unwrap_or(url).to_owned();
            let status = item["status"].as_str().unwrap();
            let reason = item["reason"]
                .as_str()
                .map(|reason| format!(" {reason}"))
                .unwrap_or_default();
            found.insert(path, format!("{status}{reason}"));
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// The external ids of the base's documents, as paths, in order.
async fn documents(client: &Client, site: &FakeSite, base: &str) -> Vec<String> {
    let page = client
        .get(&format!("/v1/knowledge-bases/{base}/documents?limit=100"))
        .await;
    let data = page.body["data"].as_array().unwrap();
    let mut ids: Vec<String> = data
        .iter()
        .filter(|document| document["state"] != "deleting")
        .map(|document| {
            assert_eq!(document["state"], "ready", "{document}");
            let id = document["external_id"].as_str().unwrap();
            id.strip_prefix(&site.url).unwrap_or(id).to_owned()
        })
        .collect();
    ids.sort();
    ids
}

/// The titles that a search finds for everybody.
async fn titles(client: &Client, base: &str, query: &str) -> Vec<String> {
    let body =
        json!({"knowledge_base_ids": [base], "query": query, "mode": "keyword", "principal": {"user": "anybody"}});
    let found = client.search(body).await;
    let results = found["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["title"].as_str().unwrap().to_owned())
        .collect()
}
