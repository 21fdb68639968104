//! Changing a document's metadata and access list without ingesting it again.
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::{Answered, EmbeddingMischief, EmbeddingVendor, TestApp, TestOptions, eventually};
use tokio::sync::Notify;

fn lantern() -> Value {
    json!({"title": "Lantern", "content": "The lantern burns for thirty-six hours.", "mime_type": "text/plain", "external_id": "lantern",
        "metadata": {"shelf": 1, "color": "red"}, "acl": {"users": ["ada"]}})
}

async fn revise(app: &TestApp, document: &str, body: Value, if_match: Option<&str>) -> Answered {
    let request = app.client.request(Method::PATCH, &format!("/v1/documents/{document}"));
    let request = if_match.map_or(request.try_clone().unwrap(), |tag| request.header("if-match", tag));
    app.client.send(request.json(&body)).await
}

/// How many results a search that is filtered by the shelf has for the user.
async fn found(app: &TestApp, base: &str, shelf: u32, user: &str) -> usize {
    let query = json!({"knowledge_base_ids": [base], "query": "lantern", "filter": {"shelf": shelf}, "principal": {"user": user, "groups": []}});
    let found = app.client.search(query).await;
    assert_eq!(found["stale"], false, "{found}");
    found["results"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_and_access_list_change_in_place_and_nothing_is_embedded() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ingested = app.client.ingest(&base, lantern()).await;
    let document = ingested["document_id"].as_str().unwrap().to_owned();
    assert_eq!(
        (found(&app, &base, 1, "ada").await, found(&app, &base, 1, "bob").await),
        (1, 0)
    );
    let read = app.client.get(&format!("/v1/documents/{document}")).await;
    let chunks = app.client.get(&format!("/v1/documents/{document}/chunks")).await.body;
    let texts = app.words.embedded.lock().unwrap().len();

    let first = read.headers["etag"].as_str();
    let revised = revise(&app, &document, json!({"metadata": {"shelf": 2}}), Some(first)).await;
    assert_eq!(revised.status.as_u16(), 200, "{}", revised.text);
    let facts = ["metadata", "acl", "state", "version", "ready_version"].map(|field| revised.body[field].clone());
    let expected = [
        json!({"shelf": 2}),
        json!({"users": ["ada"], "groups": []}),
        json!("ready"),
        json!(1),
        json!(1),
    ];
    assert_eq!(facts, expected);
    assert_eq!(
        (found(&app, &base, 1, "ada").await, found(&app, &base, 2, "ada").await),
        (0, 1)
    );
    revise(&app, &document, json!({"acl": null}), Some(first))
        .await
        .expect_problem(412, "precondition_failed");

    let widened = revise(&app, &document, json!({"acl": {"users": ["bob"]}}), None).await;
    assert_eq!(widened.body["metadata"], json!({"shelf": 2}), "what is absent stays");
    assert_eq!(
        (found(&app, &base, 2, "ada").await, found(&app, &base, 2, "bob").await),
        (0, 1)
    );
    revise(&app, &document, json!({"acl": null, "metadata": null}), None).await;
    let read = app.client.get(&format!("/v1/documents/{document}")).await.body;
    assert_eq!((&read["acl"], &read["metadata"]), (&json!({}), &json!({})));
    assert_eq!(found(&app, &base, 2, "bob").await, 0);

    assert_eq!(
        app.client.get(&format!("/v1/documents/{document}/chunks")).await.body,
        chunks
    );
    let questions = ["lantern"; 7].len();
    assert!(
        app.words.embedded.lock().unwrap().len() <= texts + questions,
        "no chunk was embedded"
    );
    let logged = app.count("SELECT max(seq) AS count FROM index_changes").await;
    revise(&app, &document, json!({"acl": null}), None).await;
    assert_eq!(
        app.count("SELECT max(seq) AS count FROM index_changes").await,
        logged,
        "nothing was different"
    );
    app.finish().await;
}

/// How many results anybody has for "whale".
async fn found_by_anybody(app: &TestApp, base: &str) -> usize {
    let page = app.client.with_key(Some(&app.publishable_key));
    let search = page
        .request(Method::POST, "/v1/search")
        .header("origin", "http://localhost");
    let query = json!({"knowledge_base_ids": [base], "query": "whale"});
    let found = page.send(search.header("prefer", "wait=20").json(&query)).await;
    found.body["result"]["results"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_keeps_its_access_list_unless_that_is_changed() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let submit = async |content: &str, acl: Value| {
        let document = json!({"title": "Pay", "content": content, "mime_type": "text/html", "external_id": "board", "metadata": {"shelf": 1}, "acl": acl});
        app.client.ingest(&base, document).await
    };
    submit("<p>The board is paid in whale oil.</p>", json!({"users": ["ada"]})).await;
    let redacted = submit("<p>…</p>", json!({"public": true})).await;
    assert_eq!(redacted["state"], "dead");
    let document = redacted["document_id"].as_str().unwrap();
    assert_eq!(found_by_anybody(&app, &base).await, 0);
    let tagged = revise(&app, document, json!({"metadata": {"shelf": 2}}), None).await;
    assert_eq!(tagged.body["metadata"], json!({"shelf": 2}));
    assert_eq!(found_by_anybody(&app, &base).await, 0, "nobody asked for that");
    let opened = revise(&app, document, json!({"acl": {"public": true}}), None).await;
    assert_eq!(opened.status.as_u16(), 200, "{}", opened.text);
    assert_eq!(found_by_anybody(&app, &base).await, 1, "what was served is named too");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_changed_from_the_command_line() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ingested = app.client.ingest(&base, lantern()).await;
    let document = ingested["document_id"].as_str().unwrap();
    let said = app
        .client
        .visualkit(&["documents", "update", document, "--acl", "{\"users\": [\"bob\"]}"])
        .await;
    assert!(said.contains("acl  {\"groups\":[],\"users\":[\"bob\"]}\n"), "{said}");
    assert_eq!(
        (found(&app, &base, 1, "ada").await, found(&app, &base, 1, "bob").await),
        (0, 1)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_again_as_it_was_takes_the_change_back() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ingested = app.client.ingest(&base, lantern()).await;
    let document = ingested["document_id"].as_str().unwrap();
    revise(&app, document, json!({"metadata": {"shelf": 2}}), None).await;
    assert_eq!(found(&app, &base, 2, "ada").await, 1);
    let again = app.client.ingest(&base, lantern()).await;
    assert_eq!(
        (&again["result"]["unchanged"], &again["result"]["embedded"]),
        (&json!(false), &json!(0)),
        "{again}"
    );
    assert_eq!(
        (found(&app, &base, 1, "ada").await, found(&app, &base, 2, "ada").await),
        (1, 0)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_while_the_document_is_embedded_is_in_what_is_served() {
    let vendor = EmbeddingVendor::start(256, 64).await;
    let settings = vendor.settings();
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let made = app
        .client
        .post(
            "/v1/knowledge-bases",
            json!({"name": "base", "embedding_model": "mine"}),
        )
        .await;
    let base = made.body["id"].as_str().unwrap();
    let go = Arc::new(Notify::new());
    vendor.expect([EmbeddingMischief::Held(go.clone())]);
    let submitted = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), lantern())
        .await;
    let document = submitted.body["document_id"].as_str().unwrap();
    eventually("it is being embedded", Duration::from_secs(10), async || {
        !vendor.calls().is_empty()
    })
    .await;
    let revised = revise(
        &app,
        document,
        json!({"metadata": {"shelf": 2}, "acl": {"users": ["bob"]}}),
        None,
    )
    .await;
    assert_eq!(
        (revised.status.as_u16(), &revised.body["state"]),
        (200, &json!("pending"))
    );
    go.notify_one();
    let ended = app
        .client
        .ended_within(submitted.body["id"].as_str().unwrap(), Duration::from_secs(60))
        .await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(
        (found(&app, base, 2, "bob").await, found(&app, base, 1, "ada").await),
        (1, 0)
    );
    // What was ingested under the old list is not taken for the same.
    let again = app.client.ingest(base, lantern()).await;
    assert_eq!(again["result"]["unchanged"], false, "{again}");
    assert_eq!(
        (found(&app, base, 2, "bob").await, found(&app, base, 1, "ada").await),
        (0, 1)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_changed_in_place_is_refused() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ingested = app.client.ingest(&base, lantern()).await;
    let document = ingested["document_id"].as_str().unwrap();
    let refused = revise(
        &app,
        document,
        json!({"title": "Lamp", "acl": {"public": 1}, "metadata": [], "more": 1}),
        None,
    )
    .await;
    refused.expect_problem(422, "invalid");
    let fields: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["title", "metadata", "acl.public", "more"], "{}", refused.text);
    let unknown = uuid::Uuid::now_v7().to_string();
    revise(&app, &unknown, json!({}), None)
        .await
        .expect_problem(404, "not_found");

    let config = json!({"start_urls": ["https://example.com/"]});
    let source = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{base}/sources"),
            json!({"kind": "web", "name": "site", "config": config}),
        )
        .await;
    let source = source.body["id"].as_str().unwrap();
    app.execute(&format!(
        "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
         VALUES ('{}', '{source}', 'https://example.com/', gen_random_uuid(), 0, 'ingested', '{document}')",
        app.tenant
    ))
    .await;
    let refused = revise(&app, document, json!({"acl": {"public": true}}), None).await;
    refused.expect_problem(409, "conflict");
    assert!(
        refused.body["detail"].as_str().unwrap().contains(source),
        "{}",
        refused.text
    );
    app.finish().await;
}
