//! What the database does not take, files may hold all the same.
use super::pictures_inside::office_writer::xlsx;
use super::support::ingest;
use serde_json::json;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_a_cell_or_in_a_key_fails_no_document() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let workbook = xlsx(Some("Lantern_x0000__x0000_ of brass_x0000_"), &[]);
    let keys = br#"{"kettle\u0000s": "of copper", "more\u0000": {"a\u0000b": 1}}"#;
    for (name, bytes, word, expected) in [
        ("padded.xlsx", workbook.as_slice(), "brass", "Lantern of brass"),
        ("keys.json", keys.as_slice(), "copper", "kettle s: of copper"),
    ] {
        let job = ingest(&app, &base, name, None, bytes).await;
        assert_eq!(
            (&job["state"], &job["attempt"]),
            (&json!("succeeded"), &json!(1)),
            "{name} {job}"
        );
        let asked = json!({"knowledge_base_ids": [base], "query": word, "mode": "keyword"});
        let hit = app.client.search(asked).await["results"][0].clone();
        assert_eq!(hit["document_id"], job["document_id"], "{name} {hit}");
        assert!(hit["text"].as_str().unwrap().contains(expected), "{name} {hit}");
    }
    app.finish().await;
}
