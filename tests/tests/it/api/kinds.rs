//! Kinds that jobs are looked for by: one that there is not is not taken for one without jobs.
use super::jobs::{submit, without_workers};
use serde_json::json;

const BODIES: [&str; 3] = ["/v1/jobs/cancel", "/v1/dead-letters/replay", "/v1/dead-letters/discard"];
const LISTS: [&str; 2] = ["/v1/jobs", "/v1/dead-letters"];

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_there_is_not_is_refused_unless_a_job_of_it_is_kept() {
    let app = without_workers().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    submit(&app.client_b, json!({"kind": "diagnostics.noop"})).await;
    let body = |path: &str, kind: &str| match path {
        "/v1/dead-letters/discard" => json!({"kind": kind, "reason": "of no use", "dry_run": true}),
        _ => json!({"kind": kind, "dry_run": true}),
    };
    for path in BODIES {
        let refused = app.client.post(path, body(path, "ingest_documents")).await;
        refused.expect_problem(422, "unknown_kind");
        assert_eq!(refused.body["errors"][0]["field"], "kind", "{}", refused.text);
        let said = refused.body["detail"].as_str().unwrap();
        assert!(said.contains("ingest_document, "), "{said}");
    }
    for path in LISTS {
        let refused = app.client.get(&format!("{path}?kind=ingest_documents")).await;
        refused.expect_problem(400, "invalid_query");
        assert_eq!(refused.body["errors"][0]["code"], "unknown_kind", "{}", refused.text);
    }
    // As if an earlier release had made it.
    app.execute(&format!("UPDATE jobs SET kind = 'ingest_documents' WHERE id = '{job}'"))
        .await;
    for path in BODIES {
        let answered = app.client.post(path, body(path, "ingest_documents")).await;
        assert_eq!(answered.status.as_u16(), 200, "{path}: {}", answered.text);
        let others = app.client_b.post(path, body(path, "ingest_documents")).await;
        others.expect_problem(422, "unknown_kind");
    }
    let listed = app.client.get("/v1/jobs?kind=ingest_documents").await;
    assert_eq!(listed.body["data"][0]["id"], json!(job), "{}", listed.text);
    let none_dead = app.client.get("/v1/dead-letters?kind=ingest_documents").await;
    assert_eq!(none_dead.body["data"], json!([]), "{}", none_dead.text);
    app.abandon().await;
}
