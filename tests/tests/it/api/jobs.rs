//! Submitting, cancelling and retrying jobs.
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Answered, Client, TestApp, TestOptions, eventually, far_ahead};

pub(super) async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

pub(super) async fn submit(client: &Client, body: Value) -> String {
    let answered = client.post("/v1/jobs", body).await;
    answered.body["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answered.text))
        .to_owned()
}

async fn act(client: &Client, job: &str, verb: &str) -> Answered {
    client
        .send(client.request(reqwest::Method::POST, &format!("/v1/jobs/{job}/{verb}")))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_is_cancelled_at_once() {
    let app = without_workers().await;
    for body in [
        json!({"kind": "diagnostics.noop"}),
        json!({"kind": "diagnostics.noop", "run_at": far_ahead()}),
    ] {
        let job = submit(&app.client, body).await;
        let cancelled = act(&app.client, &job, "cancel").await;
        assert_eq!(
            (cancelled.status.as_u16(), &cancelled.body["state"]),
            (202, &json!("cancelled")),
            "{}",
            cancelled.text
        );
        act(&app.client, &job, "cancel").await.expect_problem(409, "conflict");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_told_to_stop() {
    let app = TestApp::start().await;
    let job = submit(
        &app.client,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}}),
    )
    .await;
    eventually("it runs", Duration::from_secs(10), async || {
        app.client.get(&format!("/v1/jobs/{job}")).await.body["state"] == "running"
    })
    .await;
    assert_eq!(act(&app.client, &job, "cancel").await.status.as_u16(), 202);
    assert_eq!(app.client.ended(&job).await["state"], "cancelled");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_dead_or_cancelled_job_is_retried_and_counts_from_zero_again() {
    let app = TestApp::start().await;
    let good = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.client.ended(&good).await;
    act(&app.client, &good, "retry").await.expect_problem(409, "conflict");
    act(&app.client, &good, "cancel").await.expect_problem(409, "conflict");
    let waiting = submit(&app.client, json!({"kind": "diagnostics.noop", "run_at": far_ahead()})).await;
    act(&app.client, &waiting, "retry")
        .await
        .expect_problem(409, "conflict");

    let bad = submit(
        &app.client,
        json!({"kind": "diagnostics.fail", "payload": {"permanent": true}}),
    )
    .await;
    assert_eq!(app.client.ended(&bad).await["state"], "dead");
    let again = act(&app.client, &bad, "retry").await;
    assert_eq!(
        (again.status.as_u16(), &again.body["attempt"], &again.body["error"]),
        (202, &json!(0), &Value::Null),
        "{}",
        again.text
    );
    let ended = app.client.ended(&bad).await;
    let attempts: Vec<_> = ended["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["run"].as_i64().unwrap(), a["attempt"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        (attempts, &ended["state"]),
        (vec![(1, 1), (2, 1)], &json!("dead")),
        "the history of both runs is kept"
    );

    act(&app.client, &waiting, "cancel").await;
    assert_eq!(act(&app.client, &waiting, "retry").await.status.as_u16(), 202);
    assert_eq!(
        app.client.ended(&waiting).await["state"],
        "succeeded",
        "a cancelled job can be retried, and runs at once"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_twice_succeeds_at_its_third_attempt() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.fail", "payload": {"times": 2, "retry_after_ms": 50}});
    let ended = app.client.ended(&submit(&app.client, body).await).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(3)),
        "{ended}"
    );
    let outcomes: Vec<_> = ended["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["failed", "failed", "succeeded"]);
    assert_eq!(
        ended["error"],
        Value::Null,
        "what was overcome is among the attempts only"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_bounded_by_what_the_client_asked() {
    let app = TestApp::start().await;
    let body = json!({"kind": "diagnostics.fail", "payload": {"times": 99, "retry_after_ms": 20}, "max_attempts": 2});
    let ended = app.client.ended(&submit(&app.client, body).await).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"], &ended["max_attempts"]),
        (&json!("dead"), &json!(2), &json!(2)),
        "{ended}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_with_a_time_does_not_start_before_it() {
    let app = TestApp::start().await;
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(2);
    let body = json!({"kind": "diagnostics.noop", "run_at": at.to_rfc3339()});
    let submitted = app.client.post("/v1/jobs", body).await;
    assert_eq!(
        (submitted.status.as_u16(), &submitted.body["state"]),
        (202, &json!("scheduled")),
        "{}",
        submitted.text
    );
    let ended = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    let started: chrono::DateTime<chrono::Utc> = ended["started_at"].as_str().unwrap().parse().unwrap();
    assert!(started >= at, "{started} is before {at}");
    let past = app
        .client
        .post(
            "/v1/jobs",
            json!({"kind": "diagnostics.noop", "run_at": "1999-01-01T00:00:00Z"}),
        )
        .await;
    assert_eq!(
        app.client.ended(past.body["id"].as_str().unwrap()).await["state"],
        "succeeded",
        "a time that is over is now"
    );
    let of_batch =
        json!({"jobs": [{"kind": "diagnostics.noop", "run_at": "1999-01-01T00:00:00Z"}, {"kind": "diagnostics.noop"}]});
    assert_eq!(app.client.post("/v1/batches", of_batch).await.status.as_u16(), 202);
    let long_ago = "SELECT count(*) FROM jobs WHERE run_at < created_at - interval '1 second'";
    assert_eq!(app.count(long_ago).await, 0, "none has waited since then");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_are_not_for_clients_are_unknown() {
    let app = without_workers().await;
    for kind in [
        "ingest_document",
        "delete_knowledge_base",
        "search_knowledge",
        "diagnostics.abort",
        "diagnostics.stamp",
        "diagnostics.noop ",
        "DIAGNOSTICS.NOOP",
        "no_such_kind",
    ] {
        app.client
            .post("/v1/jobs", json!({"kind": kind, "payload": {}}))
            .await
            .expect_problem(422, "unknown_kind");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn diagnostic_kinds_are_unknown_where_diagnostics_are_off() {
    let settings = vec![("diagnostics.enabled", "false".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    for kind in ["diagnostics.noop", "diagnostics.sleep", "diagnostics.fail"] {
        app.client
            .post("/v1/jobs", json!({"kind": kind}))
            .await
            .expect_problem(422, "unknown_kind");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_job_is_said_at_once() {
    let app = without_workers().await;
    let wrong = json!({"kind": "diagnostics.noop", "payload": 3, "priority": 7, "run_at": "soon", "unique_key": "", "max_attempts": 21, "surplus": 1});
    let answered = app.client.post("/v1/jobs", wrong).await;
    answered.expect_problem(422, "invalid");
    let mut fields: Vec<_> = answered.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    for field in ["max_attempts", "priority", "run_at", "surplus", "unique_key"] {
        assert!(fields.contains(&field), "{field} is missing: {}", answered.text);
    }
    for payload in [
        json!({}),
        json!({"ms": -1}),
        json!({"ms": "1"}),
        json!({"ms": 1, "more": 2}),
        json!({"ms": 3_600_001}),
    ] {
        let answered = app
            .client
            .post("/v1/jobs", json!({"kind": "diagnostics.sleep", "payload": payload}))
            .await;
        answered.expect_problem(422, "invalid");
        assert!(
            answered.body["errors"][0]["field"]
                .as_str()
                .unwrap()
                .starts_with("payload"),
            "{}",
            answered.text
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_attempts_the_newest_hundred_are_shown() {
    let app = without_workers().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.execute(
        "WITH tried AS (UPDATE jobs SET attempt_started_at = now() + interval '120 seconds' RETURNING tenant_id, id)
         INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome)
         SELECT tenant_id, id, 1, 1, n::text, now() + n * interval '1 second', now() + n * interval '1 second', 'handed_back'
         FROM tried, generate_series(1, 120) n",
    )
    .await;
    let (shown, listed) = (
        app.client.get(&format!("/v1/jobs/{job}")).await.body,
        app.client.get("/v1/jobs").await.body,
    );
    for attempts in [&shown["attempts"], &listed["data"][0]["attempts"]] {
        let attempts = attempts.as_array().unwrap();
        assert_eq!(
            (attempts.len(), &attempts[0]["worker"], &attempts[99]["worker"]),
            (100, &json!("21"), &json!("120"))
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_there_costs_no_connection() {
    let app = without_workers().await;
    let known = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    let sessions = async || {
        let of_app = "SELECT pid::text AS text FROM pg_stat_activity \
                      WHERE datname = current_database() AND usename = 'visualkit_app'";
        app.texts(of_app).await
    };
    for _ in 0..3 {
        app.client.get(&format!("/v1/jobs/{known}")).await;
    }
    let before = sessions().await;
    for _ in 0..20 {
        let unknown = app.client.get(&format!("/v1/jobs/{}", uuid::Uuid::now_v7())).await;
        assert_eq!(unknown.status.as_u16(), 404, "{}", unknown.text);
    }
    let after = sessions().await;
    assert!(
        !before.is_empty() && before.iter().all(|session| after.contains(session)),
        "{before:?} {after:?}"
    );
    app.abandon().await;
}
