use super::examine;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_system_that_works_has_nothing_wrong_with_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document =
        json!({"title": "a", "content": "Parcels arrive on Monday.", "mime_type": "text/plain", "external_id": "a"});
    app.client.ingest(&base, document).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut busy = Vec::new();
    for client in [&app.client, &app.client_b] {
        let (client, stop) = (client.clone(), stop.clone());
        busy.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                for job in [
                    json!({"kind": "diagnostics.noop", "priority": 0}),
                    json!({"kind": "diagnostics.sleep", "payload": {"ms": 50}}),
                    json!({"kind": "diagnostics.noop", "unique_key": "k"}),
                ] {
                    client.post("/v1/jobs", job).await;
                }
            }
        }));
    }
    app.client
        .search(json!({"knowledge_base_ids": [base], "query": "parcels", "mode": "keyword"}))
        .await;
    for arguments in [&[][..], &["--repair"][..]] {
        let found = examine(&app, arguments);
        for check in found.report["checks"].as_array().unwrap() {
            // The files of the model are not everywhere where the tests run.
            let well = check["health"] == "ok" || check["name"] == "models";
            assert!(well, "a false alarm: {check:#}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for task in busy {
        task.await.unwrap();
    }
    tests::eventually("all jobs end", std::time::Duration::from_secs(60), || async {
        app.count("SELECT count(*) FROM jobs WHERE finished_at IS NULL").await == 0
    })
    .await;
    app.finish().await;
}
