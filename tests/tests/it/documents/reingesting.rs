//! Ingesting once more what is there, although nothing of it has changed.
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use tests::{Answered, TestApp, TestOptions, binary};

/// Says its title itself.
const MARKDOWN: &str = "# Lantern\n\nThe lantern burns for 36 hours.\n";

/// Submits a file, of which nothing is said but its name, and returns its job, ended.
async fn submit(app: &TestApp, base: &str) -> Value {
    let part = Part::bytes(MARKDOWN.as_bytes()).file_name("lantern.md");
    let form = Form::new().part("file", part).text("external_id", "lantern");
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let submitted = app
        .client
        .send(app.client.request(Method::POST, &path).multipart(form))
        .await;
    app.client.ended(submitted.body["id"].as_str().unwrap()).await
}

async fn reingest(app: &TestApp, document: &str, key: Option<&str>) -> Answered {
    let path = format!("/v1/documents/{document}/reingest");
    let request = app.client.request(Method::POST, &path);
    match key {
        Some(key) => app.client.send(request.header("idempotency-key", key)).await,
        None => app.client.send(request).await,
    }
}

async fn show(app: &TestApp, document: &str) -> Value {
    app.client.get(&format!("/v1/documents/{document}")).await.body
}

async fn chunks(app: &TestApp, document: &str) -> Value {
    app.client.get(&format!("/v1/documents/{document}/chunks")).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_goes_through_every_step_again_and_is_unchanged_afterwards() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = submit(&app, &base).await;
    let document = first["document_id"].as_str().unwrap();
    let before = chunks(&app, document).await;
    assert_eq!(submit(&app, &base).await["result"]["unchanged"], true);

    let answered = reingest(&app, document, None).await;
    assert_eq!(
        (answered.status.as_u16(), &answered.body["document_id"]),
        (202, &json!(document)),
        "{}",
        answered.text
    );
    let job = answered.body["id"].as_str().unwrap();
    assert_eq!(answered.headers["location"], format!("/v1/jobs/{job}"));
    let ended = app.client.ended(job).await;
    assert_eq!(
        (
            &ended["state"],
            &ended["result"]["unchanged"],
            &ended["result"]["embedded"]
        ),
        (&json!("succeeded"), &json!(false), &json!(0)),
        "{ended}"
    );
    let steps = app.client.get(&format!("/v1/jobs/{job}/steps")).await.body;
    let done: Vec<&str> = steps["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(done, ["fetch", "parse", "chunk", "embed", "index", "verify"]);
    let shown = show(&app, document).await;
    let facts = ["state", "title", "mime_type", "version", "ready_version"].map(|name| shown[name].clone());
    let expected = [
        json!("ready"),
        json!("Lantern"),
        json!("text/markdown"),
        json!(3),
        json!(3),
    ];
    assert_eq!(facts, expected, "{shown}");
    assert_eq!(chunks(&app, document).await, before, "its chunks keep their ids");
    let content = app.client.get(&format!("/v1/documents/{document}/content")).await;
    assert_eq!(content.text, MARKDOWN);

    // It was ingested as it had been submitted, so that the same is still the same.
    assert_eq!(submit(&app, &base).await["result"]["unchanged"], true);
    assert_eq!(app.count("SELECT count(*) FROM document_versions").await, 1);
    assert_eq!(
        app.count("SELECT count(*) FROM blobs").await,
        1,
        "and no bytes are left over"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_while_an_ingest_has_not_ended_and_a_repeated_request_is_not_another() {
    let mut app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = submit(&app, &base).await["document_id"].as_str().unwrap().to_owned();
    app.stop_workers().await;
    let first = reingest(&app, &document, Some("again")).await;
    assert_eq!(first.status.as_u16(), 202, "{}", first.text);
    let shown = show(&app, &document).await;
    assert_eq!(
        (&shown["state"], &shown["ready_version"], &shown["job_id"]),
        (&json!("pending"), &json!(1), &first.body["id"]),
        "{shown}"
    );
    let refused = reingest(&app, &document, None).await;
    refused.expect_problem(409, "conflict");
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains(first.body["id"].as_str().unwrap()),
        "{}",
        refused.text
    );
    let replayed = reingest(&app, &document, Some("again")).await;
    assert_eq!(
        (&replayed.body["id"], replayed.headers["idempotent-replayed"].as_str()),
        (&first.body["id"], "true")
    );
    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(first.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");

    let unknown = uuid::Uuid::now_v7().to_string();
    reingest(&app, &unknown, None).await.expect_problem(404, "not_found");
    let deletion = app.client.delete(&format!("/v1/documents/{document}")).await;
    reingest(&app, &document, None).await.expect_problem(404, "not_found");
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_stays_when_it_cannot_be_read_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (program, broken) = (folder.path().join("parser"), folder.path().join("broken"));
    let script = format!(
        "#!/bin/sh\n[ -e {} ] && kill -SEGV $$\nexec {} \"$@\"\n",
        broken.display(),
        binary().display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let app = TestApp::start_with(TestOptions {
        parser: Some(program),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let first = submit(&app, &base).await;
    assert_eq!(first["state"], "succeeded", "{first}");
    let document = first["document_id"].as_str().unwrap();
    let before = chunks(&app, document).await;

    std::fs::write(&broken, "").unwrap();
    let again = reingest(&app, document, None).await;
    let ended = app.client.ended(again.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["error"]["code"], "parser_crashed", "{ended}");
    let shown = show(&app, document).await;
    assert_eq!(
        (&shown["state"], &shown["ready_version"], &shown["error"]["code"]),
        (&json!("failed"), &json!(1), &json!("parser_crashed")),
        "{shown}"
    );
    assert_eq!(chunks(&app, document).await, before);
    let query = json!({"knowledge_base_ids": [base], "query": "lantern"});
    let found = app.client.search(query.clone()).await;
    assert_eq!(found["results"][0]["document_id"], document, "{found}");

    std::fs::remove_file(&broken).unwrap();
    let again = reingest(&app, document, None).await;
    let ended = app.client.ended(again.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let shown = show(&app, document).await;
    assert_eq!((&shown["state"], &shown["ready_version"]), (&json!("ready"), &json!(3)));
    assert_eq!(
        app.client.search(query).await["results"][0]["text"],
        found["results"][0]["text"]
    );
    assert_eq!(app.count("SELECT count(*) FROM blobs").await, 1);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_source_and_one_with_other_metadata_are_ingested_as_they_are_now() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = submit(&app, &base).await["document_id"].as_str().unwrap().to_owned();
    let patch = app.client.request(Method::PATCH, &format!("/v1/documents/{document}"));
    app.client
        .send(patch.json(&json!({"metadata": {"shelf": 2}, "acl": {"public": true}})))
        .await;
    let config = json!({"start_urls": ["https://example.com/"]});
    let source = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{base}/sources"),
            json!({"kind": "web", "name": "site", "config": config}),
        )
        .await;
    app.execute(&format!(
        "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
         VALUES ('{}', '{}', 'https://example.com/', gen_random_uuid(), 0, 'ingested', '{document}')",
        app.tenant,
        source.body["id"].as_str().unwrap()
    ))
    .await;
    // As a version that was submitted before it was noted what was said of it.
    app.execute("UPDATE document_versions SET said_title = NULL, said_mime_type = NULL")
        .await;
    let said = app
        .client
        .visualkit(&["documents", "reingest", &document, "--wait"])
        .await;
    assert!(said.contains("succeeded\nchunks  1 (0 embedded)\n"), "{said}");
    let shown = show(&app, &document).await;
    assert_eq!(
        (&shown["metadata"], &shown["title"], &shown["ready_version"]),
        (&json!({"shelf": 2}), &json!("Lantern"), &json!(2)),
        "{shown}"
    );
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern", "filter": {"shelf": 2}, "principal": {"user": "anybody"}}))
        .await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
    app.finish().await;
}
