//! Kinds that jobs are looked for by: one that there is not is not taken for one without jobs.
use super::jobs::{submit, without_workers};
use serde_json::json;

const BODIES: [&str; 3] = ["/v1/jobs/cancel", "/v1/dead-letters/replay", "/v1/dead-letters/discard"];
const LISTS: [&str; 2] = ["/v1/jobs", "/v1/dead-letters"];

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_there_is_not_is_refused_unless_a_job_of_it_is_kept() {
    let app = without_workers().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let dead = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.execute(&format!(
        "UPDATE jobs SET state = 'dead', finished_at = now() WHERE id = '{dead}'"
    ))
    .await;
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
    // As if an earlier release had made them.
    app.execute(&format!(
        "UPDATE jobs SET kind = 'ingest_documents' WHERE id IN ('{job}', '{dead}')"
    ))
    .await;
    for path in BODIES {
        let answered = app.client.post(path, body(path, "ingest_documents")).await;
        assert_eq!(answered.status.as_u16(), 200, "{path}: {}", answered.text);
        let others = app.client_b.post(path, body(path, "ingest_documents")).await;
        others.expect_problem(422, "unknown_kind");
    }
    for path in LISTS {
        let listed = app.client.get(&format!("{path}?kind=ingest_documents&limit=1")).await;
        assert_eq!(listed.body["data"][0]["id"], json!(dead), "{}", listed.text);
    }
    // What lies behind the last of them is none, and no mistake.
    let after_all = app.client.get("/v1/jobs?kind=ingest_documents&limit=1").await.body["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    app.execute(&format!("UPDATE jobs SET kind = 'diagnostics.noop' WHERE id = '{job}'"))
        .await;
    let page = format!("/v1/jobs?kind=ingest_documents&cursor={after_all}");
    let behind = app.client.get(&page).await;
    assert_eq!(behind.body["data"], json!([]), "{}", behind.text);
    // All of another kind's jobs are not read to say that it is none: what has ended cannot be cancelled.
    let ended = app
        .client
        .post("/v1/jobs/cancel", body("/v1/jobs/cancel", "ingest_documents"))
        .await;
    ended.expect_problem(422, "unknown_kind");
    app.abandon().await;
}
