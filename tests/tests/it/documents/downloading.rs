//! The bytes of a document, as they were submitted.
use serde_json::json;
use tests::{Answered, TestApp, TestOptions};

const MARKDOWN: &str = "# Lantern\n\nRuns 36 hours.\n";

async fn content(app: &TestApp, document: &str) -> Answered {
    app.client.get(&format!("/v1/documents/{document}/content")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_comes_back_as_it_was_and_is_not_shown_by_browsers() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let submitted = app
        .client
        .upload(&base, "overview.md", Some("text/markdown"), MARKDOWN.as_bytes())
        .await;
    let document = submitted.body["document_id"].as_str().unwrap();
    let job = submitted.body["id"].as_str().unwrap();
    // Also before it is ingested, whenever that is.
    assert_eq!(content(&app, document).await.text, MARKDOWN);
    assert_eq!(app.client.ended(job).await["state"], "succeeded");
    app.execute("UPDATE document_versions SET file_name = 'Übersicht 1.md'")
        .await;
    let answered = content(&app, document).await;
    assert_eq!((answered.status.as_u16(), answered.text.as_str()), (200, MARKDOWN));
    let length = MARKDOWN.len().to_string();
    for (name, value) in [
        ("content-type", "text/markdown"),
        ("content-length", length.as_str()),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        (
            "content-disposition",
            "attachment; filename=\"_bersicht 1.md\"; filename*=UTF-8''%C3%9Cbersicht%201.md",
        ),
    ] {
        assert_eq!(answered.headers[name], value, "{name}");
    }
    let deletion = app.client.delete(&format!("/v1/documents/{document}")).await;
    content(&app, document).await.expect_problem(404, "not_found");
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    content(&app, document).await.expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_is_given_until_a_newer_submission_is() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = |content: &str, mime_type: &str| json!({"title": "../Lantern\"", "content": content, "mime_type": mime_type, "external_id": "lantern"});
    let ingested = app.client.ingest(&base, document(MARKDOWN, "text/markdown")).await;
    let id = ingested["document_id"].as_str().unwrap();
    let failed = app.client.ingest(&base, document("<p>…</p>", "text/html")).await;
    assert_eq!(failed["state"], "dead", "{failed}");
    let answered = content(&app, id).await;
    assert_eq!(
        (answered.text.as_str(), answered.headers["content-type"].as_str()),
        (MARKDOWN, "text/markdown")
    );
    // Without a file name it is called as its title, which cannot lead anywhere.
    assert!(
        answered.headers["content-disposition"].starts_with("attachment; filename=\"_Lantern_\";"),
        "{:?}",
        answered.headers
    );
    let again = app.client.ingest(&base, document("Sold out.", "text/plain")).await;
    assert_eq!(again["state"], "succeeded", "{again}");
    assert_eq!(content(&app, id).await.text, "Sold out.");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_come_back_too_and_to_a_file() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    // UTF-16, whose bytes are no UTF-8.
    let bytes: Vec<u8> = "\u{feff}Lantern ä".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let submitted = app
        .client
        .upload(&base, "lantern.txt", Some("text/plain; charset=utf-16"), &bytes)
        .await;
    assert!(submitted.status.is_success(), "{}", submitted.text);
    app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    let document = submitted.body["document_id"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.txt");
    let said = app
        .client
        .visualkit(&["documents", "content", document, "--output", file.to_str().unwrap()])
        .await;
    assert!(said.contains(&format!("{} bytes", bytes.len())), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_document_comes_back_whole() {
    // Nobody ingests it.
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    // Several rows, the last of them not full.
    let text: String = (0..300_000).map(|number| format!("{number:07}\n")).collect();
    let submitted = app
        .client
        .upload(&base, "numbers.csv", Some("text/csv"), text.as_bytes())
        .await;
    assert!(submitted.status.is_success(), "{}", submitted.text);
    let answered = content(&app, submitted.body["document_id"].as_str().unwrap()).await;
    assert_eq!(answered.headers["content-length"], text.len().to_string());
    assert!(answered.text == text, "{} bytes", answered.text.len());
    app.abandon().await;
}
