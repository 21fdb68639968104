use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::{FakeSite, SitePage};

const PAGES: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_whose_worker_is_killed_goes_on_where_it_was() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let site = FakeSite::start(&[]).await;
    let links: String = (0..PAGES).map(|number| format!("<a href='/{number}'>x</a>")).collect();
    site.put("/", SitePage::html(&format!("<p>All pages.</p>{links}")));
    for number in 0..PAGES {
        site.put(&format!("/{number}"), SitePage::html(&format!("<p>Page {number}.</p>")));
    }
    let _api = system.serve().await;
    let mut killed = system.worker(&[]).await;
    let base = system.client.knowledge_base("base").await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links", "min_delay_ms": 100});
    let source = json!({"kind": "web", "name": "site", "config": config});
    let source = system
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), source)
        .await;
    let source = source.body["id"].as_str().unwrap().to_owned();
    let job = system
        .client
        .post(&format!("/v1/sources/{source}/sync"), json!({}))
        .await;
    rows.until("SELECT count(*) FROM documents", 10, Duration::from_secs(60))
        .await;
    killed.signal("KILL");
    killed.wait();
    let before = rows.number("SELECT count(*) FROM documents").await;
    assert!(before < PAGES as i64, "it was killed in the middle");

    let _other = system.worker(&[]).await;
    let job = system
        .client
        .ended_within(job.body["id"].as_str().unwrap(), Duration::from_secs(60))
        .await;
    assert_eq!(
        (
            &job["state"],
            &job["attempt"],
            &job["result"]["ingested"],
            &job["result"]["complete"]
        ),
        (&json!("succeeded"), &json!(2), &json!(PAGES + 1), &json!(true)),
        "{job}"
    );
    assert_eq!(
        rows.number("SELECT count(*) FROM documents WHERE version = 1").await,
        PAGES as i64 + 1
    );
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for request in site.take_requests() {
        *asked.entry(request.path).or_default() += 1;
    }
    assert_eq!(asked.remove("/robots.txt"), Some(2), "once an attempt");
    // The page that was being read when it was killed, and no other, is read again.
    let again = asked.values().sum::<usize>() - asked.len();
    assert!(asked.len() == PAGES + 1 && again <= 1, "{asked:?}");
    eprintln!("{before} of {} pages were read before", PAGES + 1);
}
