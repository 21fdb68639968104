//! A knowledge admin can follow a document from its upload to its chunks.
use super::support::ingest;
use serde_json::Value;
use tests::{Process, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_follows_a_document() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let page = b"<title>Lantern</title><h1>Care</h1><p>Keep it dry.</p>";
    let job = ingest(&app, &base, "lantern.html", None, page).await;
    let id = job["document_id"].as_str().unwrap();
    let environment = [
        ("VISUALKIT_URL", app.client.url.as_str()),
        ("VISUALKIT_API_KEY", app.client.key.as_deref().unwrap()),
    ];
    let told = Process::run(&["documents", "show", id, "--chunks"], &environment);
    for expected in [
        "ready  version 1  text/html",
        "format: \"html\"",
        "said: \"text/html\"",
        "blocks: 1",
        "chunks: 1",
        "Keep it dry.",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    let json = Process::run(&["documents", "show", id, "--json"], &environment);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["mime_type"], &json["steps"][1]["detail"]["format"]),
        (&"text/html".into(), &"html".into()),
        "{json}"
    );

    let failed = ingest(&app, &base, "a.pdf", None, b"Only words.").await;
    let told = Process::run(
        &["documents", "show", failed["document_id"].as_str().unwrap()],
        &environment,
    );
    assert!(
        told.contains("failed  version 1 (nothing is served)") && told.contains("format_mismatch: "),
        "{told}"
    );
    app.abandon().await;
}
