//! That benchmarks run, and what they stand on. Their figures are for quiet machines.
use ::jobs::kinds::diagnostics::Sleep;
use ::jobs::{Dispatch, EnqueueError, enqueue_many};
use config::ExposeSecret;
use serde_json::Value;
use store::JobId;
use tests::{Process, TestApp, TestOptions};

/// An app without workers, since benchmarks start their own.
async fn idle_app() -> TestApp {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    for tenant in ["bench", "bench-b"] {
        run(&app, &["tenants", "create", tenant]);
    }
    app
}

/// `visualkit` on the servers of `app`.
fn run(app: &TestApp, arguments: &[&str]) -> String {
    let redis = &app.context.settings.redis;
    let data = app.data.path().display().to_string();
    let environment = [
        ("DATABASE_URL", app.database.app_url.as_str()),
        ("DATABASE_SYSTEM_URL", &app.database.system_url),
        ("DATABASE_OWNER_URL", &app.database.owner_url),
        ("REDIS_URL", redis.url.as_ref().unwrap().expose_secret()),
        ("VISUALKIT__REDIS__PREFIX", &redis.prefix),
        ("VISUALKIT__STORAGE__DATA_DIR", &data),
        ("PATH", env!("PATH")),
    ];
    Process::run(arguments, &environment)
}

/// The figures that a benchmark saves.
fn figures(app: &TestApp, arguments: &[&str]) -> Value {
    let output = app.data.path().join("figures.json");
    let arguments = [&["bench"], arguments, &["--output", output.to_str().unwrap()]].concat();
    run(app, &arguments);
    serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_of_the_job_core_measures_everything_that_peers_are_measured_for() {
    let app = idle_app().await;
    let run = figures(
        &app,
        &[
            "jobs",
            "--jobs",
            "200",
            "--hops",
            "3",
            "--paced-secs",
            "0.2",
            "--processes",
            "2",
            "--backends",
            "own,apalis_redis",
        ],
    );
    for (backend, measured) in [("own", &run), ("apalis_redis", &run["other_backends"][0])] {
        assert_eq!(measured["backend"], backend, "{run}");
        assert_everything_was_measured(measured);
    }
    assert_eq!(run["other_backends"].as_array().unwrap().len(), 1);
    app.finish().await;
}

fn assert_everything_was_measured(run: &Value) {
    let figures = &run["figures"];
    let rates = [
        "/enqueue_single_per_s",
        "/enqueue_concurrent_per_s",
        "/enqueue_batch_per_s",
    ];
    let drained = ["/jobs_per_s/1", "/jobs_per_s/10", "/jobs_per_s/100"];
    let memory = ["/worker_rss_mb_idle", "/worker_rss_mb_busy"];
    let waits = [
        "/call_to_start_idle_ms/p50",
        "/safe_to_start_idle_ms/p99",
        "/hop_paced_80/p99",
    ];
    for field in [&rates[..], &drained, &memory, &waits].concat() {
        let value = figures.pointer(field).and_then(Value::as_f64);
        assert!(value.is_some_and(|value| value > 0.0), "{field}: {run}");
    }
    assert_eq!(figures["hop_idle_ms"]["n"], 3);
    for paced in ["hop_paced_50", "hop_paced_80"] {
        let (unsubmitted, unstarted) = (&figures[paced]["unsubmitted"], &figures[paced]["unstarted"]);
        assert_eq!((unsubmitted, unstarted), (&0.into(), &0.into()), "{run}");
    }
    assert_eq!(run["several_processes"][0]["processes"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_of_neighbours_times_one_tenant_beside_anothers_backlog() {
    let app = idle_app().await;
    let sizes = [
        "--backlogs",
        "200",
        "--lengths",
        "0,20",
        "--probes",
        "4",
        "--flow-secs",
        "0.3",
    ];
    let worker = ["--concurrency", "4", "--set", "workers.drain_secs=5"];
    let run = figures(&app, &[&["neighbours"], &sizes[..], &worker].concat());
    let cases = run["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4, "{run}");
    for case in cases {
        assert_eq!((&case["backlog"], &case["wait_ms"]["n"]), (&200.into(), &4.into()));
        let (idle, bound) = (
            run["idle_ms"]["p99"].as_f64().unwrap(),
            case["bound_ms"].as_f64().unwrap(),
        );
        let allowed = if case["length_ms"] == 0 || case["reserved"] == 1 {
            2.0 * idle
        } else {
            idle + 20.0
        };
        assert!((bound - allowed).abs() < 1e-6, "{case}");
    }
    let flow = &run["flow_jobs_per_s"];
    assert!(flow["alone"].as_f64().unwrap() > 0.0 && flow["beside_idle"].as_f64().unwrap() > 0.0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_jobs_queued_at_once_each_run_with_their_own_payload() {
    let app = TestApp::start().await;
    let jobs: Vec<Sleep> = (1..=120).map(|ms| Sleep { ms }).collect();
    let queued: Result<(Vec<JobId>, Vec<Dispatch>), EnqueueError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| enqueue_many(tx, &jobs).await)
        .await;
    let (ids, dispatches) = queued.unwrap();
    assert_eq!((ids.len(), dispatches.len()), (120, 120));
    app.context.queue.push(&dispatches).await;
    for (id, ms) in ids.iter().zip(1..) {
        let job = app.client.ended(&id.to_string()).await;
        assert_eq!(
            (&job["state"], &job["result"]["slept_ms"]),
            (&"succeeded".into(), &Value::from(ms))
        );
    }
    app.finish().await;
}
