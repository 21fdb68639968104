//! What a batch of jobs costs does not depend on how many others wait, or have ended.
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use std::time::Duration;
use store::batches::{end_all, stopped};
use store::jobs::{
    CancelFilter, ClaimedJob, Finish, Held, JobFilter, JobState, Outcome, Progress, claim, finish, kinds_to_release,
    list, mark_for_dispatch, release_kinds, renew, save_progress, unended,
};
use store::{JobId, StoreError, TenantTx};
use tests::{TestApp, TestOptions};

const BETWEEN: i64 = 20_000;
/// Jobs of each tenant that lie around.
const EACH: i64 = 20;

/// Rows and index entries of the tables of jobs and batches that Postgres says it has read, and how often it looked anything up in them.
#[derive(Debug, diesel::QueryableByName)]
struct Reads {
    #[diesel(sql_type = BigInt)]
    read: i64,
    #[diesel(sql_type = BigInt)]
    lookups: i64,
}

async fn reads(app: &TestApp) -> Reads {
    sql_query(
        "SELECT (sum(t.seq_tup_read) + sum(i.read))::bigint AS read, sum(i.lookups)::bigint AS lookups
         FROM pg_stat_user_tables t
         JOIN (SELECT relid, sum(idx_tup_read) AS read, sum(idx_scan) AS lookups FROM pg_stat_user_indexes GROUP BY 1) i USING (relid)
         WHERE t.relname ~ '^(job(s|_bodies)_|batches$)'",
    )
    .get_result(&mut app.database.owner().await)
    .await
    .unwrap()
}

async fn nothing(_: &mut TenantTx) -> Result<(), StoreError> {
    Ok(())
}

/// A connection tells of what it read once a second at most, with the next thing it does.
async fn settled_reads(app: &TestApp) -> Reads {
    for _ in 0..30 {
        app.context.system.ping().await.unwrap();
        let as_tenant = || app.context.store.tenant(app.tenant, nothing);
        let (one, another) = tokio::join!(as_tenant(), as_tenant());
        one.and(another).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reads(app).await
}

/// Few connections, each with its plans.
async fn app() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![
            ("database.system_connections", "2".to_owned()),
            ("database.app_connections", "2".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await
}

async fn run(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

async fn submitted(app: &TestApp) -> JobId {
    let job = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    JobId(job.body["id"].as_str().unwrap().parse().unwrap())
}

/// Claims all of them, renews their leases, says how far they are and ends them.
async fn claim_and_end(app: &TestApp, ids: &[JobId]) {
    let system = &app.context.system;
    let claimed: Vec<ClaimedJob> = claim(system, ids, "by-hand", uuid::Uuid::new_v4(), 60_000)
        .await
        .unwrap();
    assert_eq!(claimed.len(), ids.len());
    let held: Vec<Held> = claimed.iter().map(held).collect();
    assert_eq!(renew(system, &held, 60_000).await.unwrap().len(), ids.len());
    let progress: Vec<Progress> = held
        .iter()
        .map(|held| Progress {
            held: *held,
            progress: Some(json!({"done": 1, "total": 2})),
            steps: Some(json!([])),
            waits: None,
        })
        .collect();
    save_progress(system, &progress).await.unwrap();
    let ends: Vec<Finish> = claimed
        .iter()
        .map(|job| Finish {
            id: job.id,
            lease_token: job.lease_token,
            interactive: false,
            batch: job.parent_id,
            outcome: Outcome::Succeeded { result: Value::Null },
            steps: None,
        })
        .collect();
    assert_eq!(finish(system, &ends).await.unwrap().len(), ids.len());
}

fn held(job: &ClaimedJob) -> Held {
    Held {
        id: job.id,
        lease_token: job.lease_token,
    }
}

/// A week's tables are empty when its first jobs come, and the plans that are made then are kept. One tenant's backlog lies between the ids of a batch
/// as soon as another tenant has a job too.
#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_with_a_backlog_between_them_are_looked_up_and_not_searched_for() {
    let app = app().await;
    // The plans, made while there is next to nothing.
    claim_and_end(&app, &[submitted(&app).await, submitted(&app).await]).await;
    let oldest = submitted(&app).await;
    let backlog = format!(
        "INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts, dispatched_at)
         SELECT uuid_v7(), tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts, dispatched_at
         FROM jobs, generate_series(1, {BETWEEN}) WHERE id = '{oldest}';
         INSERT INTO job_bodies (tenant_id, job_id, payload)
         SELECT tenant_id, id, '{{}}' FROM jobs WHERE id NOT IN (SELECT job_id FROM job_bodies)"
    );
    app.database.owner().await.batch_execute(&backlog).await.unwrap();
    let newest = submitted(&app).await;
    let before = settled_reads(&app).await;
    claim_and_end(&app, &[oldest, newest]).await;
    let after = settled_reads(&app).await;
    assert!(after.lookups >= before.lookups + 8, "{before:?} {after:?}");
    let read = after.read - before.read;
    assert!(
        read < BETWEEN / 10,
        "{read} rows read for two jobs: {before:?} {after:?}"
    );
    app.abandon().await;
}

/// The plans know neither how many jobs a batch has nor of how many tenants.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_costs_each_of_its_jobs_what_a_small_one_does() {
    let app = app().await;
    claim_and_end(&app, &[submitted(&app).await, submitted(&app).await]).await;
    let one = submitted(&app).await;
    let others = format!(
        "CREATE TEMPORARY TABLE others AS SELECT gen_random_uuid() AS tenant_id FROM generate_series(1, 100);
         INSERT INTO tenants (id, name) SELECT tenant_id, tenant_id::text FROM others;
         INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts, dispatched_at)
         SELECT uuid_v7(), o.tenant_id, pool, kind, payload_version, interactive, state, priority, run_at, max_attempts, dispatched_at
         FROM jobs, others o, generate_series(1, {EACH}) WHERE jobs.id = '{one}';
         INSERT INTO job_bodies (tenant_id, job_id, payload)
         SELECT tenant_id, id, '{{}}' FROM jobs WHERE id NOT IN (SELECT job_id FROM job_bodies)"
    );
    app.database.owner().await.batch_execute(&others).await.unwrap();
    let ids: Vec<JobId> = app
        .texts("SELECT id::text AS text FROM jobs WHERE state = 'queued' ORDER BY random() LIMIT 200")
        .await
        .iter()
        .map(|id| JobId(id.parse().unwrap()))
        .collect();
    let before = settled_reads(&app).await;
    claim_and_end(&app, &ids).await;
    let after = settled_reads(&app).await;
    let read = after.read - before.read;
    let jobs = i64::try_from(ids.len()).unwrap();
    // Its row is looked up eight times, its body three; old versions that an index still names count as well.
    assert!(read <= 24 * jobs, "{read} rows read for {jobs} jobs");
    app.abandon().await;
}

/// Copies of the job `id` in another state, older than it and all that follows: what a `SELECT` of its columns says otherwise stands in `otherwise`.
async fn copies(app: &TestApp, id: JobId, otherwise: &str) {
    let copies = format!(
        "INSERT INTO jobs (id, tenant_id, pool, kind, payload_version, interactive, priority, run_at, max_attempts, state, dispatch_epoch, dispatched_at, finished_at, awaits_batch)
         SELECT uuid_v7(), tenant_id, pool, kind, payload_version, interactive, priority, run_at, max_attempts, {otherwise}
         FROM jobs, generate_series(1, {BETWEEN}) WHERE id = '{id}';
         INSERT INTO job_bodies (tenant_id, job_id, payload)
         SELECT tenant_id, id, '{{}}' FROM jobs WHERE id NOT IN (SELECT job_id FROM job_bodies)"
    );
    app.database.owner().await.batch_execute(&copies).await.unwrap();
}

/// A hostile or forgetful tenant opens batches all day, each with a job that waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_follow_open_batches_are_not_read_by_whoever_dispatches() {
    let app = app().await;
    let one = submitted(&app).await;
    copies(&app, one, "'scheduled', NULL, NULL, NULL, true").await;
    let before = settled_reads(&app).await;
    for _ in 0..3 {
        mark_for_dispatch(&app.context.system, "epoch", &["general"], 1000)
            .await
            .unwrap();
    }
    let after = settled_reads(&app).await;
    let read = after.read - before.read;
    assert!(read < BETWEEN / 10, "{read} rows read: {before:?} {after:?}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_are_open_or_have_jobs_that_pend_are_not_read_by_whoever_ends_and_stops_batches() {
    let app = app().await;
    for open in [true, false] {
        run(&app, &format!(
            "INSERT INTO batches (tenant_id, id, on_failure, open, has_step, total)
             SELECT id, uuid_v7(), 'continue', {open}, false, 1 FROM tenants, generate_series(1, {BETWEEN}) WHERE id = '{}'",
            app.tenant
        ))
        .await;
    }
    let system = &app.context.system;
    let before = settled_reads(&app).await;
    for _ in 0..3 {
        assert!(end_all(system, 100).await.unwrap().is_empty());
        assert!(stopped(system, 100).await.unwrap().is_empty());
    }
    let after = settled_reads(&app).await;
    let read = after.read - before.read;
    assert!(read < BETWEEN / 10, "{read} rows read: {before:?} {after:?}");
    // What can be acted on is found.
    run(
        &app,
        "UPDATE batches SET succeeded = 1 WHERE id IN (SELECT id FROM batches WHERE NOT open LIMIT 1)",
    )
    .await;
    assert_eq!(end_all(system, 100).await.unwrap().len(), 1);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counted_job_of_a_batch_touches_none_of_its_indexes() {
    let app = app().await;
    let batch = app
        .client
        .post(
            "/v1/batches",
            json!({"jobs": vec![json!({"kind": "diagnostics.noop"}); 20]}),
        )
        .await;
    assert_eq!(batch.status.as_u16(), 202, "{}", batch.text);
    // The last one's end would make it ready.
    let jobs = app.texts("SELECT id::text AS text FROM jobs LIMIT 19").await;
    for job in jobs {
        claim_and_end(&app, &[JobId(job.parse().unwrap())]).await;
    }
    settled_reads(&app).await;
    let updates = app.count("SELECT n_tup_upd AS count FROM pg_stat_user_tables WHERE relname = 'batches'");
    let in_place = app.count("SELECT n_tup_hot_upd AS count FROM pg_stat_user_tables WHERE relname = 'batches'");
    let (updates, in_place) = (updates.await, in_place.await);
    assert!(updates >= 19, "{updates}");
    assert!(
        updates - in_place <= 1,
        "{in_place} of {updates}: its closing alone is not"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_of_a_tenant_that_have_not_ended_are_found_without_its_history() {
    let app = app().await;
    let first = submitted(&app).await;
    copies(&app, first, "'succeeded', NULL, NULL, now(), false").await;
    let second = submitted(&app).await;
    run(&app, "ANALYZE jobs; ANALYZE job_bodies").await;
    let of = JobFilter {
        limit: 100,
        ..JobFilter::default()
    };
    let filter = CancelFilter {
        ids: Vec::new(),
        of: of.clone(),
    };
    let queued = JobFilter {
        state: Some(JobState::Queued),
        ..of
    };
    let before = settled_reads(&app).await;
    let found = app
        .context
        .store
        .tenant(app.tenant, async |tx| {
            Ok::<_, StoreError>((unended(tx, &filter).await?, list(tx, &queued).await?))
        })
        .await
        .unwrap();
    let after = settled_reads(&app).await;
    let cancelled: Vec<JobId> = found.0.iter().map(|job| job.id).collect();
    let listed: Vec<JobId> = found.1.iter().map(|job| job.id).collect();
    assert_eq!((&cancelled, &listed), (&vec![second, first], &vec![second, first]));
    let read = after.read - before.read;
    assert!(read < BETWEEN / 10, "{read} rows read: {before:?} {after:?}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_a_tenant_go_does_not_read_what_is_still_paused_of_another() {
    let app = app().await;
    let paused = submitted(&app).await;
    app.client.post("/v1/pauses", json!({})).await;
    copies(&app, paused, "'queued', 'paused', now(), NULL, false").await;
    let free = app.client_b.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let free = free.body["id"].as_str().unwrap();
    run(
        &app,
        &format!("UPDATE jobs SET dispatch_epoch = 'paused' WHERE id = '{free}'"),
    )
    .await;
    let system = &app.context.system;
    let before = settled_reads(&app).await;
    let kinds = kinds_to_release(system, 100).await.unwrap();
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    assert_eq!(release_kinds(system, &kinds, 1000).await.unwrap(), Some(1));
    assert!(kinds_to_release(system, 100).await.unwrap().is_empty());
    let after = settled_reads(&app).await;
    let read = after.read - before.read;
    assert!(read < BETWEEN / 10, "{read} rows read: {before:?} {after:?}");
    app.abandon().await;
}
