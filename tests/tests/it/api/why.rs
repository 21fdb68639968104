//! What a job says of why it does not run.
use diesel_async::SimpleAsyncConnection;
use jobs::Pool;
use redis::AsyncCommands;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{TestApp, TestOptions, eventually, far_ahead};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

async fn submit(app: &TestApp, body: Value) -> String {
    let submitted = app.client.post("/v1/jobs", body).await;
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn why(app: &TestApp, job: &str) -> Value {
    let why = app.client.get(&format!("/v1/jobs/{job}/why")).await;
    assert_eq!(why.status.as_u16(), 200, "{}", why.text);
    why.body
}

/// `reason class` of each blocker.
async fn blockers(app: &TestApp, job: &str) -> Vec<String> {
    let why = why(app, job).await;
    why["blocked_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|blocker| {
            format!(
                "{} {}",
                blocker["reason"].as_str().unwrap(),
                blocker["class"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_job_names_its_time() {
    let app = TestApp::start().await;
    let job = submit(&app, json!({"kind": "diagnostics.noop", "run_at": far_ahead()})).await;
    let why = why(&app, &job).await;
    assert_eq!(why["state"], "scheduled");
    assert_eq!(why["blocked_by"][0]["reason"], "scheduled", "{why}");
    assert!(
        why["blocked_by"][0]["detail"]
            .as_str()
            .unwrap()
            .contains(&far_ahead()[..10]),
        "{why}"
    );
    assert_eq!(
        why["blocked_by"][0]["since"],
        app.client.get(&format!("/v1/jobs/{job}")).await.body["created_at"]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_workers_says_so_and_when_one_was_last_seen() {
    let mut app = without_workers().await;
    let job = submit(&app, json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(blockers(&app, &job).await, ["no_worker stuck"]);
    let silent = "INSERT INTO workers (name, pool, host, version, slots, running, seen_at) VALUES ('w', 'general', 'h', 'v', 1, 0, '2020-01-01T00:00:00Z')";
    app.database.owner().await.batch_execute(silent).await.unwrap();
    let why = why(&app, &job).await;
    assert!(
        why["blocked_by"][0]["detail"].as_str().unwrap().contains("2020-01-01"),
        "{why}"
    );
    app.start_workers(vec![Pool::General]);
    app.client.ended(&job).await;
    assert_eq!(blockers(&app, &job).await, [""; 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_known_while_they_live_and_not_after() {
    let mut app = TestApp::start().await;
    let alive = "SELECT count(*) FROM workers WHERE seen_at > now() - interval '15 seconds'";
    eventually("each pool's is seen", Duration::from_secs(5), || async {
        app.count(alive).await == i64::try_from(Pool::ALL.len()).unwrap()
    })
    .await;
    app.stop_workers().await;
    assert_eq!(app.count("SELECT count(*) FROM workers").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_names_the_pause_and_its_reason() {
    let app = TestApp::start().await;
    let pause = app
        .client
        .post(
            "/v1/pauses",
            json!({"kind": "diagnostics.noop", "reason": "moving house"}),
        )
        .await;
    let job = submit(&app, json!({"kind": "diagnostics.noop"})).await;
    let why = why(&app, &job).await;
    let blocker = &why["blocked_by"][0];
    assert_eq!(
        (&blocker["reason"], &blocker["class"]),
        (&json!("paused"), &json!("waiting")),
        "{why}"
    );
    assert!(
        blocker["detail"]
            .as_str()
            .unwrap()
            .contains("diagnostics.noop is paused (moving house)"),
        "{why}"
    );
    assert_eq!(blocker["since"], pause.body["created_at"]);
    app.client
        .delete(&format!("/v1/pauses/{}", pause.body["id"].as_str().unwrap()))
        .await;
    app.client.ended(&job).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_behind_others_of_its_tenant_is_starved_and_says_how_many_are_before_it() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("workers.general", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let running = submit(&app, json!({"kind": "diagnostics.sleep", "payload": {"ms": 60_000}})).await;
    eventually("the first runs", Duration::from_secs(10), || async {
        app.client.get(&format!("/v1/jobs/{running}")).await.body["state"] == "running"
    })
    .await;
    // The worker's slots are known to be busy once it has said so.
    eventually("the worker has said so", Duration::from_secs(10), || async {
        app.count("SELECT count(*) FROM workers WHERE pool = 'general' AND running = 1")
            .await
            == 1
    })
    .await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(submit(&app, json!({"kind": "diagnostics.noop"})).await);
    }
    let why = why(&app, &jobs[2]).await;
    assert_eq!(blockers(&app, &jobs[2]).await, ["tenant_share starved"], "{why}");
    let detail = why["blocked_by"][0]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("2 jobs of this tenant") && detail.contains("1 of 1 slots"),
        "{detail}"
    );
    assert_eq!(blockers(&app, &running).await, [""; 0]);
    app.client
        .post(&format!("/v1/jobs/{running}/cancel"), Value::Null)
        .await;
    for job in jobs {
        app.client.ended(&job).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_names_the_failure_and_its_next_attempt() {
    let app = TestApp::start().await;
    let job = submit(
        &app,
        json!({"kind": "diagnostics.fail", "payload": {"times": 1, "retry_after_ms": 3_600_000}}),
    )
    .await;
    eventually("it has failed once", Duration::from_secs(10), || async {
        app.client.get(&format!("/v1/jobs/{job}")).await.body["state"] == "retryable"
    })
    .await;
    let why = why(&app, &job).await;
    let blocker = &why["blocked_by"][0];
    assert_eq!(
        (&blocker["reason"], &blocker["class"]),
        (&json!("retry_backoff"), &json!("waiting"))
    );
    assert!(
        blocker["detail"]
            .as_str()
            .unwrap()
            .starts_with("Attempt 1 failed (diagnostic)"),
        "{why}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn far_back_in_a_long_line_it_says_how_many_are_before_it_at_least() {
    let app = without_workers().await;
    submit(&app, json!({"kind": "diagnostics.noop"})).await;
    let last = submit(&app, json!({"kind": "diagnostics.noop"})).await;
    let (prefix, mut redis) = (&app.context.settings.redis.prefix, app.redis_connection().await);
    let line: Vec<String> = redis.keys(format!("{{{prefix}:general}}:*:q:1:*")).await.unwrap();
    assert_eq!(line.len(), 1, "{line:?}");
    let before: Vec<String> = (0..10_000).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    let _: i64 = redis.lpush(&line[0], &before).await.unwrap();
    // A worker of the pool lives, or that is all there is to say.
    app.execute(
        "INSERT INTO workers (name, pool, host, version, slots, running) VALUES ('general-test', 'general', 'test', '0', 1, 0)",
    )
    .await;
    let why = why(&app, &last).await;
    let detail = why["blocked_by"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("At least 10000 jobs of this tenant"), "{why}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_others_go_before_is_starved_and_stuck_only_where_nothing_moves() {
    let app = without_workers().await;
    let job = submit(&app, json!({"kind": "diagnostics.noop"})).await;
    app.client_b.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    // Late, and a slot was free when its worker last said so.
    app.execute("UPDATE jobs SET run_at = run_at - interval '1 minute', created_at = created_at - interval '1 minute'")
        .await;
    app.execute(
        "INSERT INTO workers (name, pool, host, version, slots, running, seen_at) VALUES ('general-test', 'general', 'test', '0', 8, 5, now() + interval '1 hour')",
    )
    .await;
    assert_eq!(
        blockers(&app, &job).await,
        ["dispatching stuck"],
        "nothing was ever taken"
    );
    let taken = app.context.queue.pop(Pool::General, 1, &[app.tenant]).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(blockers(&app, &job).await, ["tenant_share starved"]);
    let (prefix, mut redis) = (&app.context.settings.redis.prefix, app.redis_connection().await);
    let keys: Vec<String> = redis.keys(format!("{{{prefix}:general}}:*:popped_at")).await.unwrap();
    let at: i64 = redis.get(&keys[0]).await.unwrap();
    let _: () = redis.set(&keys[0], at - 60_000).await.unwrap();
    assert_eq!(
        blockers(&app, &job).await,
        ["dispatching stuck"],
        "and nothing for a minute"
    );
    app.abandon().await;
}
