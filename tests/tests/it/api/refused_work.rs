//! Work that is refused: everything that is wrong with it is said at once, however many jobs it is.
use super::jobs::without_workers;
use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, TestApp};

/// `field code` of everything that was wrong, in order of the fields.
fn faults(refused: &Answered, code: &str) -> Vec<String> {
    refused.expect_problem(422, code);
    let errors = refused.body["errors"].as_array().unwrap().iter();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let mut named: Vec<String> = errors
        .map(|error| format!("{} {}", text(error, "field"), text(error, "code")))
        .collect();
    named.sort_unstable();
    named
}

async fn open_batch(app: &TestApp) -> String {
    let opened = app.client.post("/v1/batches", json!({"open": true})).await;
    assert_eq!(opened.status.as_u16(), 202, "{}", opened.text);
    opened.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_told_the_faults_of_its_form_of_its_kinds_and_of_its_payloads_together() {
    let app = without_workers().await;
    let jobs = json!([
        {"kind": "nobodys"},
        {"kind": "diagnostics.sleep", "payload": {"ms": -1, "surplus": 1}, "max_attempts": 0},
        {"kind": "diagnostics.noop", "priority": 9},
        7,
        {"payload": {"ms": -1}}
    ]);
    let of_jobs = [
        "jobs.0.kind unknown_kind",
        "jobs.1.max_attempts out_of_range",
        "jobs.1.payload.ms invalid",
        "jobs.1.payload.surplus unknown",
        "jobs.2.priority out_of_range",
        "jobs.3 type",
        "jobs.4.kind required",
    ];
    let follows = json!({"kind": "diagnostics.sleep", "payload": {}, "priority": 3});
    let batch = json!({"name": 7, "jobs": jobs, "on_complete": follows});
    let refused = app.client.post("/v1/batches", batch).await;
    let of_batch = [
        "name type",
        "on_complete.payload.ms required",
        "on_complete.priority out_of_range",
    ];
    assert_eq!(faults(&refused, "unknown_kind"), [&of_jobs[..], &of_batch[..]].concat());

    let more = format!("/v1/batches/{}/jobs", open_batch(&app).await);
    let refused = app.client.post(&more, json!({"jobs": jobs, "close": 7})).await;
    assert_eq!(
        faults(&refused, "unknown_kind"),
        [&["close type"][..], &of_jobs[..]].concat()
    );
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 0, "nothing is submitted");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_jobs_only_that_is_said() {
    let app = without_workers().await;
    let jobs = vec![json!({"kind": "nobodys"}); 1001];
    let refused = app.client.post("/v1/batches", json!({"jobs": jobs})).await;
    assert_eq!(faults(&refused, "invalid"), ["jobs count"]);
    let most = vec![json!({"kind": "nobodys"}); 1000];
    let refused = app.client.post("/v1/batches", json!({"jobs": most})).await;
    assert_eq!(faults(&refused, "unknown_kind").len(), 1000);
    app.finish().await;
}

const CALL: &str = "diagnostics.call";

/// The payload of a call, of so many bytes as JSON.
fn call_of(bytes: usize) -> Value {
    let with = |key: String| json!({"url": "https://example.com/", "key": key});
    with("k".repeat(bytes - with(String::new()).to_string().len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_is_too_large_is_refused_with_whatever_else_is_wrong() {
    const MOST: usize = 256 << 10;
    let app = without_workers().await;
    let submit = async |body: Value| app.client.post("/v1/jobs", body).await;
    let most = submit(json!({"kind": CALL, "payload": call_of(MOST)})).await;
    assert_eq!(faults(&most, "invalid"), ["payload.key length"]);
    let large = call_of(MOST + 1);
    let refused = submit(json!({"kind": CALL, "payload": large, "priority": 9})).await;
    let expected = ["payload too_large", "payload.key length", "priority out_of_range"];
    assert_eq!(faults(&refused, "invalid"), expected);
    for (kind, code, of_kind) in [
        (json!("nobodys"), "unknown_kind", "kind unknown_kind"),
        (Value::Null, "invalid", "kind required"),
    ] {
        let refused = submit(json!({"kind": kind, "payload": large})).await;
        assert_eq!(faults(&refused, code), [of_kind, "payload too_large"]);
    }
    let text = submit(json!({"kind": CALL, "payload": "x".repeat(MOST)})).await;
    assert_eq!(faults(&text, "invalid"), ["payload too_large", "payload type"]);
    let too_long = submit(json!({"kind": CALL, "payload": call_of(1 << 20)})).await;
    too_long.expect_problem(413, "too_large");

    let noop = json!({"kind": "diagnostics.noop"});
    let call = json!({"kind": CALL, "payload": large});
    let batch = json!({"jobs": [noop, call], "on_complete": call});
    let of_batch = [
        "jobs.1.payload too_large",
        "jobs.1.payload.key length",
        "on_complete.payload too_large",
        "on_complete.payload.key length",
    ];
    let refused = app.client.post("/v1/batches", batch).await;
    assert_eq!(faults(&refused, "invalid"), of_batch);
    let more = format!("/v1/batches/{}/jobs", open_batch(&app).await);
    let refused = app.client.post(&more, json!({"jobs": [noop, call]})).await;
    assert_eq!(faults(&refused, "invalid"), of_batch[..2]);
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 0, "nothing is submitted");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedules_payload_that_is_too_large_is_refused_with_whatever_else_is_wrong() {
    let app = without_workers().await;
    let large = call_of((256 << 10) + 1);
    let schedule =
        |kind: &str| json!({"name": "n", "cron": "@hourly", "kind": kind, "overlap": "maybe", "payload": large});
    let expected = ["overlap invalid", "payload too_large", "payload.key length"];
    let refused = app.client.post("/v1/schedules", schedule(CALL)).await;
    assert_eq!(faults(&refused, "invalid"), expected);
    let refused = app.client.post("/v1/schedules", schedule(" ")).await;
    let expected = ["kind empty", "overlap invalid", "payload too_large"];
    assert_eq!(faults(&refused, "invalid"), expected);

    let made = json!({"name": "n", "cron": "@hourly", "kind": "diagnostics.noop"});
    let made = app.client.post("/v1/schedules", made).await;
    let path = format!("/v1/schedules/{}", made.body["id"].as_str().unwrap());
    let change = json!({"kind": CALL, "payload": large});
    let request = app.client.request(Method::PATCH, &path).json(&change);
    let refused = app.client.send(request).await;
    assert_eq!(faults(&refused, "invalid"), ["payload too_large", "payload.key length"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_put_off_by_a_year_at_most() {
    let app = without_workers().await;
    let at = |ahead: TimeDelta| json!({"kind": "diagnostics.noop", "run_at": (Utc::now() + ahead).to_rfc3339()});
    let within = at(TimeDelta::days(366) - TimeDelta::minutes(1));
    let beyond = at(TimeDelta::days(366) + TimeDelta::minutes(10));
    let accepted = app.client.post("/v1/jobs", within.clone()).await;
    assert_eq!(accepted.status.as_u16(), 202, "{}", accepted.text);
    let mut worse = beyond.clone();
    worse["payload"] = json!({"surplus": 1});
    let refused = app.client.post("/v1/jobs", worse).await;
    assert_eq!(
        faults(&refused, "invalid"),
        ["payload.surplus unknown", "run_at out_of_range"]
    );
    let batch = json!({"jobs": [within, beyond]});
    let refused = app.client.post("/v1/batches", batch).await;
    assert_eq!(faults(&refused, "invalid"), ["jobs.1.run_at out_of_range"]);
    let more = format!("/v1/batches/{}/jobs", open_batch(&app).await);
    let refused = app.client.post(&more, json!({"jobs": [beyond]})).await;
    assert_eq!(faults(&refused, "invalid"), ["jobs.0.run_at out_of_range"]);
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 1);
    app.abandon().await;
}
