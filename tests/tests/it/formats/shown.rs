//! A knowledge admin can follow a document from its upload to its chunks, and from there to what a search finds.
use super::support::ingest;
use serde_json::{Value, json};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_names_the_chunk_that_the_document_shows() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let filler = "Lorem ipsum dolor sit amet consetetur sadipscing elitr. ".repeat(20);
    let page = format!("# Care\n\n{filler}\n\n# Battery\n\nThe lantern burns for 36 hours. {filler}");
    let job = ingest(&app, &base, "lantern.md", None, page.as_bytes()).await;
    let id = job["document_id"].as_str().unwrap();
    let environment = [
        ("VISUALKIT_URL", app.client.url.as_str()),
        ("VISUALKIT_API_KEY", app.client.key.as_deref().unwrap()),
    ];
    let asked = json!({"knowledge_base_ids": [base], "query": "burns hours", "mode": "keyword"});
    let hit = app.client.search(asked).await["results"][0].clone();
    let ordinal = hit["ordinal"].as_i64().unwrap();
    assert!(ordinal > 0, "another stands before it: {hit}");
    let chunks = app.client.get(&format!("/v1/documents/{id}/chunks")).await.body;
    let listed = chunks["data"].as_array().unwrap();
    let named = listed.iter().find(|chunk| chunk["id"] == hit["chunk_id"]).unwrap();
    assert_eq!((&named["ordinal"], &named["text"]), (&json!(ordinal), &hit["text"]));

    let found = Process::run(
        &["search", "burns hours", "--kb", "base", "--mode", "keyword"],
        &environment,
    );
    let first = format!("{}  ", found.lines().next().unwrap_or_default());
    assert!(first.contains(&format!("({id})  chunk {ordinal}  ")), "{found}");
    let told = Process::run(&["documents", "show", id, "--chunks"], &environment);
    let (_, chunk) = told
        .split_once(&format!("\nchunk {ordinal}  "))
        .unwrap_or_else(|| panic!("{told}"));
    let chunk = chunk.split("\nchunk ").next().unwrap_or_default();
    assert!(chunk.contains("burns for 36"), "chunk {ordinal} of {told}");
    app.finish().await;
}
