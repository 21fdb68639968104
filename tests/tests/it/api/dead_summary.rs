use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Process, TestApp};

async fn fail(app: &TestApp, payload: Value) -> String {
    let body = json!({"kind": "diagnostics.fail", "payload": payload, "max_attempts": 1});
    let id = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.client.ended(&id).await["state"], "dead");
    id
}

async fn owner(app: &TestApp, sql: &str) {
    use diesel_async::SimpleAsyncConnection;
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_summed_up_by_kind_and_error_and_what_keeps_dying_is_warned_of() {
    let app = TestApp::start().await;
    let empty = app.client.get("/v1/dead-letters/summary").await;
    assert_eq!(
        (empty.status.as_u16(), empty.body),
        (200, json!({"data": [], "next_cursor": null}))
    );

    let first = fail(&app, json!({"times": 1, "permanent": true})).await;
    let group = |summary: &Value| summary["data"][0].clone();
    let one = group(&app.client.get("/v1/dead-letters/summary").await.body);
    assert_eq!(
        (&one["kind"], &one["jobs"], &one["warning"]),
        (&json!("diagnostics.fail"), &json!(1), &Value::Null),
        "{one}"
    );
    assert_eq!(one["examples"], json!([first]));

    fail(&app, json!({"times": 1, "permanent": true})).await;
    let twice = group(&app.client.get("/v1/dead-letters/summary").await.body);
    assert_eq!(
        (&twice["jobs"], &twice["payloads"], &twice["warning"]),
        (&json!(2), &json!(1), &json!("same_payload")),
        "{twice}"
    );
    owner(&app, "UPDATE jobs SET finished_at = now() - interval '2 days'").await;
    let old = group(&app.client.get("/v1/dead-letters/summary").await.body);
    assert_eq!(old["warning"], Value::Null, "within a day: {old}");

    for times in 2..=6 {
        fail(&app, json!({"times": times, "permanent": true})).await;
    }
    let many = group(&app.client.get("/v1/dead-letters/summary").await.body);
    assert_eq!(
        (&many["jobs"], &many["payloads"], &many["warning"]),
        (&json!(7), &json!(6), &json!("recurring")),
        "{many}"
    );

    owner(
        &app,
        "UPDATE job_bodies SET error = jsonb_build_object('code', 'worker_lost') WHERE payload @> '{\"times\": 6}'",
    )
    .await;
    let summary = app.client.get("/v1/dead-letters/summary").await.body;
    let warnings: BTreeMap<&str, &Value> = summary["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["error_code"].as_str().unwrap(), &group["warning"]))
        .collect();
    assert_eq!(
        warnings["worker_lost"],
        &Value::Null,
        "it lost one worker at most: {summary}"
    );
    let attempts = "INSERT INTO job_attempts SELECT (jsonb_populate_record(a, jsonb_build_object('outcome', o.outcome))).*
        FROM job_attempts a JOIN job_bodies b USING (tenant_id, job_id), (VALUES ('lost'), ('lost')) o (outcome) WHERE payload @> '{\"times\": 6}'";
    owner(&app, attempts).await;
    let worker_lost = async || {
        let summary = app.client.get("/v1/dead-letters/summary").await.body;
        let groups = summary["data"].as_array().unwrap();
        groups
            .iter()
            .find(|group| group["error_code"] == "worker_lost")
            .unwrap()["warning"]
            .clone()
    };
    assert_eq!(worker_lost().await, Value::Null, "another attempt failed otherwise");
    owner(&app, "DELETE FROM job_attempts WHERE outcome = 'failed'").await;
    assert_eq!(worker_lost().await, "kills_workers");
    assert_eq!(
        app.client_b.get("/v1/dead-letters/summary").await.body["data"],
        json!([]),
        "of another tenant nothing"
    );

    let (code, text, complained) = Process::outcome(
        &["jobs", "dead"],
        &[
            ("VISUALKIT_URL", app.client.url.as_str()),
            ("VISUALKIT_API_KEY", app.client.key.as_deref().unwrap()),
        ],
    );
    assert_eq!(code, Some(0), "{complained}");
    assert!(
        text.contains("one or more lost every worker that took them: see `jobs show"),
        "{text}"
    );
    app.client
        .post("/v1/dead-letters/discard", json!({"all": true, "reason": "seen"}))
        .await;
    assert_eq!(app.client.get("/v1/dead-letters/summary").await.body["data"], json!([]));
    app.abandon().await;
}
