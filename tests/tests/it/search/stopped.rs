//! Searches that nobody waits for any more.
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use std::time::Duration;
use tests::{QDRANT_KEY, QdrantDouble, QdrantMischief, TestApp, TestOptions, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_cancelled_ends_on_its_thread_too() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let server = QdrantDouble::start().await;
    let app = TestApp::start_with(TestOptions {
        settings: vec![
            ("qdrant.url", server.url.clone()),
            ("qdrant.api_key", QDRANT_KEY.to_owned()),
            // It is held for as long as the test takes.
            ("qdrant.timeout_ms", "60000".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await;
    let base = json!({"name": "base", "vector_store": "qdrant"});
    let made = app.client.post("/v1/knowledge-bases", base).await;
    let base = made.body["id"].as_str().unwrap();
    let document = json!({"title": "lamp", "content": "The lamp shines.", "mime_type": "text/plain"});
    assert_eq!(app.client.ingest(base, document).await["state"], "succeeded");
    let search = json!({"knowledge_base_ids": [base], "query": "lamp", "mode": "vector"});
    assert_eq!(app.client.search(search.clone()).await["results"][0]["title"], "lamp");

    server.behave(QdrantMischief::HoldsSearches);
    let asked = app.client.post_waiting("/v1/search", search, 0).await;
    let id = asked.body["id"].as_str().unwrap();
    server.holds_a_search().await;
    let cancelled = app.client.post(&format!("/v1/jobs/{id}/cancel"), json!({})).await;
    assert_eq!(cancelled.status.as_u16(), 202, "{}", cancelled.text);
    assert_eq!(app.client.ended(id).await["state"], "cancelled");

    // The thread that searches for it is still held: what it does next is what counts.
    let has_stopped = || {
        metrics
            .render()
            .contains(r#"searches_stopped_total{reason="unwanted"} 1"#)
    };
    assert!(!has_stopped());
    server.behave(QdrantMischief::None);
    eventually("the search has stopped", Duration::from_secs(30), async || {
        has_stopped()
    })
    .await;
    app.finish().await;
}
