//! Ingesting the documents of a base once more, all of them or some.
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeSite, SitePage, TestApp, eventually};

async fn submit(app: &TestApp, base: &str, name: &str, mime_type: &str, content: &str) -> Value {
    let document = json!({"external_id": name, "title": name, "mime_type": mime_type, "content": content});
    app.client.ingest(base, document).await
}

/// The job, ended, and what came of it.
async fn reingest(app: &TestApp, base: &str, body: Value) -> Value {
    let path = format!("/v1/knowledge-bases/{base}/reingest");
    let ended = app.client.post_waiting(&path, body, 20).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["state"]),
        (200, &json!("succeeded")),
        "{}",
        ended.text
    );
    ended.body["result"].clone()
}

/// Which version of each document was submitted last, by name, once none is pending.
async fn versions(app: &TestApp, base: &str) -> Vec<(String, i64)> {
    let path = format!("/v1/knowledge-bases/{base}/documents?limit=100");
    eventually("nothing is pending", Duration::from_secs(30), async || {
        app.client.get(&format!("{path}&state=pending")).await.body["data"] == json!([])
    })
    .await;
    let listed = app.client.get(&path).await.body;
    let documents = listed["data"].as_array().unwrap().iter();
    let named = |document: &Value| {
        let name = document["external_id"].as_str().unwrap().to_owned();
        (name, document["version"].as_i64().unwrap())
    };
    let mut versions: Vec<(String, i64)> = documents.map(named).collect();
    versions.sort();
    versions
}

fn of(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected
        .iter()
        .map(|(name, version)| ((*name).to_owned(), *version))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_documents_of_a_base_or_those_that_are_named_are_ingested_again() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    submit(&app, &base, "a", "text/markdown", "# One\n\nWords.").await;
    submit(&app, &base, "b", "text/html", "<p>Words.</p>").await;
    let failed = submit(&app, &base, "c", "text/html", "<p></p>").await;
    assert_eq!(failed["state"], "dead", "{failed}");
    let other = app.client.knowledge_base("other").await;
    submit(&app, &other, "d", "text/markdown", "Words.").await;

    assert_eq!(
        reingest(&app, &base, json!({})).await,
        json!({"submitted": 3, "skipped": 0})
    );
    assert_eq!(versions(&app, &base).await, of(&[("a", 2), ("b", 2), ("c", 2)]));
    assert_eq!(
        versions(&app, &other).await,
        of(&[("d", 1)]),
        "another base's are left alone"
    );
    let jobs = app.client.get("/v1/jobs?kind=ingest_document&limit=3").await.body;
    let priorities: Vec<&Value> = jobs["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["priority"])
        .collect();
    assert_eq!(priorities, [&json!(2); 3], "what is submitted meanwhile goes before");

    for (body, expected) in [
        (json!({"state": "failed"}), [("a", 2), ("b", 2), ("c", 3)]),
        (json!({"mime_type": "text/markdown"}), [("a", 3), ("b", 2), ("c", 3)]),
        (
            json!({"mime_type": "text/html", "state": "ready"}),
            [("a", 3), ("b", 3), ("c", 3)],
        ),
    ] {
        assert_eq!(reingest(&app, &base, body).await, json!({"submitted": 1, "skipped": 0}));
        assert_eq!(versions(&app, &base).await, of(&expected));
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_a_source_are_ingested_again_and_no_other() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    submit(&app, &base, "by hand", "text/markdown", "Words.").await;
    let site = FakeSite::start(&[("/", SitePage::html("<p>The lantern burns for 36 hours.</p>"))]).await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
    let source = json!({"kind": "web", "name": "site", "config": config});
    let source = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), source)
        .await;
    let source = source.body["id"].as_str().unwrap();
    app.client
        .post_waiting(&format!("/v1/sources/{source}/sync"), json!({}), 20)
        .await;
    versions(&app, &base).await;

    assert_eq!(
        reingest(&app, &base, json!({"source_id": source})).await,
        json!({"submitted": 1, "skipped": 0})
    );
    let page = format!("{}/", site.url);
    assert_eq!(versions(&app, &base).await, of(&[("by hand", 1), (page.as_str(), 2)]));

    let other = app.client.knowledge_base("other").await;
    for base in [other.as_str(), "01a229ed-af2b-747c-9df9-e26faf15e80c"] {
        let refused = app
            .client
            .post(
                &format!("/v1/knowledge-bases/{base}/reingest"),
                json!({"source_id": source}),
            )
            .await;
        match base == other {
            true => assert_eq!(refused.body["errors"][0]["field"], "source_id", "{}", refused.text),
            false => assert_eq!(refused.status.as_u16(), 404, "{}", refused.text),
        }
    }
    let refused = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{other}/reingest"),
            json!({"state": "pending", "mime_type": "", "all": true}),
        )
        .await;
    let fields: Vec<&Value> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!((refused.status.as_u16(), fields.len()), (422, 3), "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_fails_midway_is_gone_on_with_and_submits_nothing_twice() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut documents = Vec::new();
    for number in 0..60 {
        let job = submit(&app, &base, &format!("{number:02}"), "text/plain", "Words.").await;
        documents.push(job["document_id"].as_str().unwrap().to_owned());
    }
    // The second page, which has the oldest, cannot be written.
    app.execute(&format!(
        "ALTER TABLE document_versions ADD CONSTRAINT newest CHECK (version < 2 OR document_id > '{}') NOT VALID",
        documents[5]
    ))
    .await;
    let queued = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/reingest"), json!({}))
        .await;
    let id = queued.body["id"].as_str().unwrap();
    eventually("its second page has failed", Duration::from_secs(30), async || {
        app.client.get(&format!("/v1/jobs/{id}")).await.body["state"] == "retryable"
    })
    .await;
    app.execute("ALTER TABLE document_versions DROP CONSTRAINT newest")
        .await;
    app.client.post(&format!("/v1/jobs/{id}/run"), Value::Null).await;
    let ended = app.client.ended(id).await;
    assert_eq!(ended["result"], json!({"submitted": 10, "skipped": 50}), "{ended}");
    assert!(versions(&app, &base).await.iter().all(|(_, version)| *version == 2));
    app.finish().await;
}
