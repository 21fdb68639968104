//! What an operator, a monitor and an autoscaler are told of the pools.
use jobs::{Dispatch, Pool};
use serde_json::{Value, json};
use std::time::Duration;
use store::pauses::{Target, pause};
use store::{JobId, Owner};
use tests::{Client, Process, TestApp, TestOptions, eventually};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

fn printed(app: &TestApp, arguments: &[&str]) -> String {
    let own = app.environment();
    let environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Process::run(arguments, &environment)
}

fn general(pools: &Value) -> Value {
    let pools = pools.as_array().unwrap();
    pools.iter().find(|pool| pool["pool"] == "general").unwrap().clone()
}

async fn submit(client: &Client, kind: &str, payload: Value, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let body = json!({"kind": kind, "payload": payload});
        ids.push(
            client.post("/v1/jobs", body).await.body["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    ids
}

async fn asked(url: &str) -> (u16, Value) {
    let answered = reqwest::get(url).await.unwrap();
    (answered.status().as_u16(), answered.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_and_top_tell_what_waits_of_whom_how_long_and_how_it_went() {
    let mut app = without_workers().await;
    let mut ids = submit(&app.client, "diagnostics.sleep", json!({"ms": 20}), 5).await;
    let of_b = submit(&app.client_b, "diagnostics.sleep", json!({"ms": 20}), 2).await;
    let found: Value = serde_json::from_str(&printed(&app, &["top", "--once", "--json"])).unwrap();
    let pool = general(&found["pools"]);
    assert_eq!((&pool["queued"], &pool["workers"]), (&json!(7), &json!(0)), "{found:#}");
    assert_eq!(pool["backlog_secs"], Value::Null, "nobody works it off");
    assert!(pool["oldest_queued_secs"].as_f64().unwrap() > 0.0);
    let tenants: Vec<_> = found["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (&t["tenant"], &t["queued"]))
        .collect();
    assert_eq!(
        tenants,
        [(&json!("dev"), &json!(5)), (&json!("dev-b"), &json!(2))],
        "{found:#}"
    );

    app.start_workers(jobs::Pool::ALL.to_vec());
    ids.extend(
        submit(
            &app.client,
            "diagnostics.fail",
            json!({"times": 1, "permanent": true}),
            1,
        )
        .await,
    );
    for id in &ids {
        app.client.ended(id).await;
    }
    for id in &of_b {
        app.client_b.ended(id).await;
    }
    // Workers say so with their next sign of life.
    eventually(
        "the times of eight attempts are known",
        Duration::from_secs(20),
        || async {
            let pools: Value = serde_json::from_str(&printed(&app, &["pools", "--json"])).unwrap();
            let pool = general(&pools);
            let rate = pool["failure_rate"].as_f64().unwrap_or(0.0);
            pool["workers"] == 1
                && pool["backlog_secs"] == 0.0
                && (rate - 0.125).abs() < 0.001
                && pool["service_secs"].as_f64() > Some(0.01)
        },
    )
    .await;
    let text = printed(&app, &["top", "--once"]);
    assert!(
        text.contains("backlog s") && !text.contains('\u{1b}'),
        "plain lines where there is no terminal: {text}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoscaler_is_told_how_many_workers_would_do() {
    let app = without_workers().await;
    let url = format!("{}/scaler/pools/general", app.admin_url);
    let (status, idle) = asked(&url).await;
    assert_eq!(
        (status, &idle["depth"], &idle["desired_workers"]),
        (200, &json!(0), &json!(0)),
        "{idle}"
    );
    submit(&app.client, "diagnostics.noop", json!({}), 3).await;
    let (_, waiting) = asked(&url).await;
    assert_eq!(
        (&waiting["depth"], &waiting["desired_workers"]),
        (&json!(3), &json!(1)),
        "{waiting}"
    );
    assert_eq!(waiting["backlog_seconds"], Value::Null);
    assert!(waiting["oldest_age_seconds"].as_f64().unwrap() > 0.0);
    // Two workers of four slots each, whose attempts took 2 s each, and 300 jobs: 600 s of work in 30 s are 20 slots.
    use diesel_async::SimpleAsyncConnection;
    app.database
        .owner()
        .await
        .batch_execute(
            "INSERT INTO workers (name, pool, host, version, slots, running, recent_ended, recent_failed, recent_busy_us)
             SELECT 'general-' || n, 'general', '', '', 4, 0, 50, 5, 100000000 FROM generate_series(1, 2) n;
             INSERT INTO jobs SELECT (jsonb_populate_record(j, jsonb_build_object('id', uuidv7()))).* FROM jobs j, generate_series(1, 99)",
        )
        .await
        .unwrap();
    let dispatch = |id: &String| Dispatch {
        id: JobId(id.parse().unwrap()),
        tenant: app.tenant,
        pool: Pool::General,
        priority: 1,
        kind: "diagnostics.noop".to_owned(),
        knowledge_bases: Vec::new(),
    };
    let ids = app.texts("SELECT id::text AS text FROM jobs").await;
    let offered: Vec<Dispatch> = ids.iter().map(dispatch).collect();
    app.context.queue.try_push(&offered).await.unwrap();
    let (_, busy) = asked(&url).await;
    assert_eq!(
        (&busy["depth"], &busy["backlog_seconds"]),
        (&json!(300), &json!(75.0)),
        "{busy}"
    );
    assert_eq!(
        (&busy["failure_rate"], &busy["desired_workers"]),
        (&json!(0.1), &json!(5)),
        "{busy}"
    );
    assert_eq!(
        asked(&format!("{url}?target_seconds=300")).await.1["desired_workers"],
        1
    );
    // What is paused is put aside, and Redis has it no more.
    let popped = app.context.queue.pop(Pool::General, 270, &[]).await.unwrap();
    let popped: Vec<JobId> = popped.iter().map(|popped| popped.job.id).collect();
    app.context.queue.settle(Pool::General, &popped).await.unwrap();
    assert_eq!(asked(&url).await.1["desired_workers"], 1, "30 wait: two slots");
    for refused in [0.to_string(), "-1".to_owned(), "soon".to_owned(), "inf".to_owned()] {
        assert_eq!(
            asked(&format!("{url}?target_seconds={refused}")).await.0,
            400,
            "{refused}"
        );
    }
    assert_eq!(asked(&format!("{}/scaler/pools/nonsense", app.admin_url)).await.0, 404);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_process_is_live_and_shows_every_pool_to_prometheus() {
    let app = without_workers().await;
    let lost = submit(&app.client, "diagnostics.noop", json!({}), 5).await.remove(0);
    // One job's last worker is lost, and another, of which a call was being made, is cancelled with its batch.
    let batch = json!({"jobs": [{"kind": "diagnostics.sleep", "payload": {"ms": 1}}]});
    let batch = app.client.post("/v1/batches", batch).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.execute(&format!(
        "UPDATE jobs SET state = 'running', attempt = max_attempts, worker = 'gone', lease_token = gen_random_uuid(), attempt_started_at = now(),
                lease_until = now() - interval '1 minute' WHERE id = '{lost}'"
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO effects (tenant_id, job_id, step, request_hash, state)
         SELECT tenant_id, id, 'call', sha256(''), 'unknown' FROM jobs WHERE parent_id = '{batch}'"
    ))
    .await;
    app.client.post(&format!("/v1/batches/{batch}/cancel"), json!({})).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let address = free.to_string();
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.push(("VISUALKIT__SERVER__ADMIN_LISTEN", &address));
    let log = app.data.path().join("worker.log");
    let _ingest = Process::start(&["worker", "--pools", "ingest"], &environment, &log);
    let scraped = format!("http://{address}/metrics");
    let lines = [
        "pool_queued{pool=\"general\"} 4",
        "pool_backlog_seconds{pool=\"general\"} inf",
        "pool_workers{pool=\"ingest\"} 1",
        "pool_backlog_seconds{pool=\"ingest\"} 0",
        "jobs_dead_total{kind=\"diagnostics.noop\",cause=\"worker_lost\"} 1",
        "jobs_dead_total{kind=\"diagnostics.sleep\",cause=\"effect_unknown\"} 1",
    ];
    let missing = async || {
        let text = match reqwest::get(&scraped).await {
            Ok(answered) => answered.text().await.unwrap(),
            Err(_) => String::new(),
        };
        let shown: Vec<&str> = text.lines().collect();
        lines
            .into_iter()
            .filter(|line| !shown.contains(line))
            .collect::<Vec<_>>()
    };
    for line in lines {
        eventually(line, Duration::from_secs(30), async || !missing().await.contains(&line)).await;
    }
    assert_eq!(missing().await, [""; 0], "all of them together");
    let (status, live) = asked(&format!("http://{address}/health/live")).await;
    assert_eq!((status, &live["status"]), (200, &json!("live")));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_is_neither_late_nor_a_backlog() {
    let app = TestApp::start().await;
    let url = format!("{}/scaler/pools/general", app.admin_url);
    let paused = app.client.post("/v1/pauses", json!({})).await;
    submit(&app.client, "diagnostics.noop", json!({}), 1).await;
    eventually("it is put aside", Duration::from_secs(20), || async {
        let (_, pool) = asked(&url).await;
        (&pool["depth"], &pool["oldest_age_seconds"], &pool["backlog_seconds"]) == (&json!(1), &json!(0.0), &json!(0.0))
    })
    .await;
    let pools: Value = serde_json::from_str(&printed(&app, &["pools", "--json"])).unwrap();
    let pool = general(&pools);
    assert_eq!((&pool["queued"], &pool["put_aside"]), (&json!(1), &json!(1)), "{pool}");
    app.client
        .delete(&format!("/v1/pauses/{}", paused.body["id"].as_str().unwrap()))
        .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoscaler_starts_nobody_for_what_a_limit_holds_back_and_somebody_for_what_runs_though_paused() {
    let app = without_workers().await;
    let url = format!("{}/scaler/pools/general", app.admin_url);
    let job = submit(&app.client, "diagnostics.noop", json!({}), 1).await.remove(0);
    app.execute(
        "INSERT INTO workers (name, pool, host, version, slots, running, recent_ended, recent_failed, recent_busy_us)
         SELECT 'general-' || n, 'general', '', '', 4, 0, 50, 0, 100000000 FROM generate_series(1, 2) n",
    )
    .await;
    app.execute("INSERT INTO jobs SELECT (jsonb_populate_record(j, jsonb_build_object('id', uuidv7()))).* FROM jobs j, generate_series(1, 299)")
        .await;
    let ids = app.texts("SELECT id::text AS text FROM jobs").await;
    let offered: Vec<Dispatch> = ids
        .iter()
        .map(|id| Dispatch {
            id: JobId(id.parse().unwrap()),
            tenant: app.tenant,
            pool: Pool::General,
            priority: 1,
            kind: "diagnostics.noop".to_owned(),
            knowledge_bases: Vec::new(),
        })
        .collect();
    app.context.queue.try_push(&offered).await.unwrap();
    let desired = async || asked(&url).await.1["desired_workers"].clone();
    assert_eq!(desired().await, 5, "600 s of work in 30 s: 20 slots of four each");
    let limit = json!({"kind": "diagnostics.noop", "max_running": 2});
    app.client.post("/v1/limits", limit).await;
    assert_eq!(desired().await, 1, "two run at once");

    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let pool = Target::Everybody {
        pool: Some("general"),
        kind: None,
    };
    pause(&mut owner, &pool, "").await.unwrap();
    assert_eq!(desired().await, 0);
    app.client.post(&format!("/v1/jobs/{job}/run"), Value::Null).await;
    assert_eq!(desired().await, 1);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenants_jobs_come_to_is_shown_at_the_pool_that_ran_them() {
    let app = TestApp::start().await;
    for id in submit(&app.client, "diagnostics.noop", json!({}), 3).await {
        app.client.ended(&id).await;
    }
    let base = app.client.knowledge_base("base").await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let everything = Target::Tenant {
        tenant: app.tenant,
        kind: None,
    };
    pause(&mut owner, &everything, "").await.unwrap();
    submit(&app.client, "diagnostics.noop", json!({}), 1).await;
    let document = json!({"title": "a", "content": "It burns.", "mime_type": "text/plain"});
    let path = format!("/v1/knowledge-bases/{base}/documents");
    assert_eq!(app.client.post(&path, document).await.status.as_u16(), 202);
    let loads = store::pools::tenants(&app.context.system, 10).await.unwrap();
    let ended = |pool: &str| {
        let load = loads.iter().find(|load| load.pool == pool);
        load.map(|load| load.ended_last_minute)
    };
    assert_eq!((ended("general"), ended("ingest")), (Some(3), Some(0)), "{loads:?}");
    app.abandon().await;
}
