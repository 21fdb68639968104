//! What keeps the tables small and honest over the years.
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use store::embedding_models;
use store::jobs::{count_default_rows, create_partitions, mark_for_dispatch, unmark_dispatch};
use tests::{TestApp, TestOptions};

async fn run(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_log_grows_with_documents_and_not_with_their_edits() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for edit in 0..5 {
        for name in ["a", "b"] {
            let content = format!("Edit {edit} of {name}.");
            let document = json!({"title": name, "content": content, "mime_type": "text/plain", "external_id": name});
            app.client.ingest(&base, document).await;
        }
    }
    assert_eq!(
        app.count("SELECT count(*) FROM index_changes").await,
        10,
        "recent changes stay"
    );
    run(
        &app,
        "UPDATE index_changes SET changed_at = changed_at - interval '2 hours'",
    )
    .await;
    let document = json!({"title": "a", "content": "The last edit.", "mime_type": "text/plain", "external_id": "a"});
    app.client.ingest(&base, document).await;
    assert_eq!(
        app.count("SELECT count(*) FROM index_changes").await,
        6,
        "five of b, the last of a"
    );
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "edit", "mode": "keyword"}))
        .await;
    assert_eq!(found["results"].as_array().unwrap().len(), 2, "{found}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_in_a_default_partition_are_counted_run_and_moved_to_their_week() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let system = &app.context.system;
    assert_eq!(count_default_rows(system).await.unwrap(), 0);
    let this_week =
        "SELECT 'DROP TABLE ' || string_agg(c.relname, ', ') FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'
                       AND c.relname ~ ('_' || to_char(now() AT TIME ZONE 'UTC', 'IYYY\"w\"IW') || '$')";
    run(&app, &format!("DO $$ BEGIN EXECUTE ({this_week}); END $$")).await;
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(
        submitted.status.as_u16(),
        202,
        "a missing partition refuses nobody: {}",
        submitted.text
    );
    assert_eq!(count_default_rows(system).await.unwrap(), 2, "the job and its body");
    assert_eq!(create_partitions(system).await.unwrap(), 4);
    assert_eq!(count_default_rows(system).await.unwrap(), 0);
    let mut app = app;
    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded");
    app.finish().await;
}

/// Drops a week that could be dropped if a year had passed; how many it dropped.
const DROPPED: &str = "SELECT drop_job_partitions(interval '-400 days')::bigint AS count";

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_of_partitions_waits_for_no_backup() {
    let app = without_workers().await;
    let next_week = "SELECT 'DROP TABLE ' || string_agg(c.relname, ', ') FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'
                       AND c.relname ~ ('_' || to_char(now() AT TIME ZONE 'UTC' + interval '7 days', 'IYYY\"w\"IW') || '$')";
    run(&app, &format!("DO $$ BEGIN EXECUTE ({next_week}); END $$")).await;
    let mut backup = app.database.owner().await;
    let locks = "BEGIN; LOCK TABLE jobs, job_bodies, job_attempts, effects IN ACCESS SHARE MODE";
    backup.batch_execute(locks).await.unwrap();
    // Waiting would end with the statement's time-out, as an error.
    assert_eq!(create_partitions(&app.context.system).await.unwrap(), 0);
    assert_eq!(app.count(DROPPED).await, 0);
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    backup.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(create_partitions(&app.context.system).await.unwrap(), 4);
    assert_eq!(app.count(DROPPED).await, 1);
    app.abandon().await;
}

/// Makes the partitions of a week, as if they had been made in their time.
pub(crate) async fn make_week(app: &TestApp, week: &str, first: &str) {
    for table in ["jobs", "job_bodies", "job_attempts", "effects"] {
        run(
            app,
            &format!(
                "CREATE TABLE {table}_{week} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
                 ALTER TABLE {table} ATTACH PARTITION {table}_{week}
                 FOR VALUES FROM (uuid_of_instant({first})) TO (uuid_of_instant({first} + interval '7 days'))"
            ),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sweeps_drops_a_week_when_its_days_are_over_and_keeps_one_with_work_left() {
    let app = without_workers().await;
    let lately = "date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '14 days'";
    let name = format!("SELECT to_char(({lately}) AT TIME ZONE 'UTC', 'IYYY\"w\"IW') AS text");
    let recent = app.texts(&name).await.remove(0);
    make_week(&app, "2020w10", "timestamptz '2020-03-02 00:00Z'").await;
    make_week(&app, "2020w11", "timestamptz '2020-03-09 00:00Z'").await;
    make_week(&app, &recent, lately).await;
    for (state, at) in [("succeeded", "2020-03-04 00:00Z"), ("queued", "2020-03-11 00:00Z")] {
        let job = app
            .client
            .post("/v1/jobs", json!({"kind": "diagnostics.noop"}))
            .await
            .body;
        let id = job["id"].as_str().unwrap();
        run(
            &app,
            &format!(
                "UPDATE jobs SET id = uuid_of_instant('{at}'), state = '{state}', finished_at = CASE '{state}' WHEN 'succeeded' THEN now() END WHERE id = '{id}'"
            ),
        )
        .await;
    }
    // One a sweep.
    for _ in 0..3 {
        workers::sweep_all(&app.context.system, &app.context.settings.dispatch)
            .await
            .unwrap();
    }
    let weeks = format!(
        "SELECT relname::text AS text FROM pg_class WHERE relname IN ('jobs_2020w10', 'effects_2020w10', 'jobs_2020w11', 'jobs_{recent}') ORDER BY relname"
    );
    assert_eq!(
        app.texts(&weeks).await,
        ["jobs_2020w11".to_owned(), format!("jobs_{recent}")]
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_retried_while_its_week_is_dropped_is_kept_with_it() {
    let app = without_workers().await;
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let job = submitted.body["id"].as_str().unwrap();
    // The weeks without jobs, so that the job's is the only one that could be.
    while app.count(DROPPED).await == 1 {}
    app.client.post(&format!("/v1/jobs/{job}/cancel"), json!(null)).await;
    let mut retry = app.database.owner().await;
    let queued = format!(
        "BEGIN; UPDATE jobs SET state = 'queued', finished_at = NULL, cancel_requested = false WHERE id = '{job}'"
    );
    retry.batch_execute(&queued).await.unwrap();
    let mut dropping = Box::pin(app.count(DROPPED));
    let before = tokio::time::timeout(std::time::Duration::from_secs(3), &mut dropping).await;
    retry.batch_execute("COMMIT").await.unwrap();
    let dropped = match before {
        Ok(dropped) => dropped,
        Err(_) => dropping.as_mut().await,
    };
    drop(dropping);
    assert_eq!(dropped, 0);
    let kept = app.client.get(&format!("/v1/jobs/{job}")).await;
    assert_eq!(kept.body["state"], "queued", "{}", kept.text);
    assert_eq!(app.count(DROPPED).await, 0);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_did_not_take_is_offered_again_at_once() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let system = &app.context.system;
    let new = mark_for_dispatch(system, "epoch", &["general"], 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(new.looked_at, 0, "whoever made it has just pushed it");
    run(&app, "UPDATE jobs SET dispatched_at = now() - interval '3 seconds'").await;
    let marked = mark_for_dispatch(system, "epoch", &["general"], 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(marked.jobs.len(), 1);
    let nothing = mark_for_dispatch(system, "epoch", &["general"], 10)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(nothing.looked_at, 0);
    unmark_dispatch(system, &[marked.jobs[0].id]).await.unwrap();
    assert_eq!(
        mark_for_dispatch(system, "epoch", &["general"], 10)
            .await
            .unwrap()
            .unwrap(),
        marked
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_pool_that_only_a_newer_version_knows_are_left_to_it() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    for _ in 0..5 {
        app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    }
    run(
        &app,
        "UPDATE jobs SET dispatched_at = now() - interval '3 seconds', dispatch_epoch = NULL;
         WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM jobs)
         UPDATE jobs j SET pool = 'future', state = CASE WHEN nth > 2 THEN 'retryable' ELSE 'queued' END, run_at = now()
         FROM numbered n WHERE n.id = j.id AND nth < 5",
    )
    .await;
    let dispatched = workers::dispatch_due_once(&app.context.system, &app.context.queue)
        .await
        .unwrap();
    assert_eq!((dispatched.jobs, dispatched.put_aside), (1, false));
    let marked = "SELECT pool || ' ' || state AS text FROM jobs WHERE dispatch_epoch IS NOT NULL";
    assert_eq!(app.texts(marked).await, ["general queued"]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_weights_under_a_known_name_are_noticed() {
    let app = TestApp::start().await;
    let store = &app.context.store;
    for (name, weights, unchanged) in [
        ("m", 1, true),
        ("m", 1, true),
        ("m", 2, false),
        ("n", 2, true),
        ("m", 1, true),
    ] {
        assert_eq!(
            embedding_models::is_unchanged(store, name, &[weights; 32])
                .await
                .unwrap(),
            unchanged,
            "{name} {weights}"
        );
    }
    app.finish().await;
}

/// Unique keys that are held, all of one tenant: as many as one pass meets, and as many again, and some more.
const HELD: i64 = 12_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_over_unique_keys_ends_however_many_are_held_and_the_next_goes_on_behind_it() {
    let app = without_workers().await;
    app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    // The keys of ended jobs come last.
    let keys = format!(
        "INSERT INTO job_locks SELECT tenant_id, 'held-' || g, id FROM jobs, generate_series(1, {HELD}) g;
         INSERT INTO job_locks SELECT tenant_id, 'unheld-' || g, uuid_v7() FROM jobs, generate_series(1, 100) g"
    );
    run(&app, &keys).await;
    let system = &app.context.system;
    let mut round = workers::UniqueKeys::default();
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.push(round.pass(system).await.unwrap());
    }
    assert_eq!(deleted, [0, 0, 100, 0]);
    assert_eq!(app.count("SELECT count(*) FROM job_locks").await, HELD);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_swept_keeps_nothing_else() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("database.statement_timeout_secs", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    run(
        &app,
        "INSERT INTO job_locks SELECT tenant_id, 'unheld', uuid_v7() FROM jobs;
         INSERT INTO batches (tenant_id, id, on_failure, open, has_step, ended_at)
         SELECT tenant_id, uuid_v7(), 'continue', false, false, now() - interval '900 days' FROM jobs;
         UPDATE jobs SET interactive = true, state = 'succeeded', finished_at = now() - interval '2 days'",
    )
    .await;
    let mut locked = app.database.owner().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let swept = workers::sweep_all(&app.context.system, &app.context.settings.dispatch).await;
    assert!(swept.is_err(), "{swept:?}");
    locked.batch_execute("ROLLBACK").await.unwrap();
    for table in ["jobs", "job_bodies", "batches", "job_locks"] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    app.abandon().await;
}
