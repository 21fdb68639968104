//! What a batch of jobs costs does not depend on how many others wait.
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use std::time::Duration;
use store::JobId;
use store::jobs::{ClaimedJob, Finish, Held, Outcome, Progress, claim, finish, renew, save_progress};
use tests::{TestApp, TestOptions};

const BETWEEN: i64 = 20_000;
/// Jobs of each tenant that lie around.
const EACH: i64 = 20;

/// Rows and index entries of the job tables that Postgres says it has read, and how often it looked anything up in them.
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
         WHERE t.relname ~ '^job(s|_bodies)_'",
    )
    .get_result(&mut app.database.owner().await)
    .await
    .unwrap()
}

/// A connection tells of what it read once a second at most, with the next thing it does.
async fn settled_reads(app: &TestApp) -> Reads {
    for _ in 0..30 {
        app.context.system.ping().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reads(app).await
}

/// Few connections, each with its plans.
async fn app() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: vec![("database.system_connections", "2".to_owned())],
        ..TestOptions::default()
    })
    .await
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
        })
        .collect();
    save_progress(system, &progress).await.unwrap();
    let ends: Vec<Finish> = held
        .iter()
        .map(|held| Finish {
            id: held.id,
            lease_token: held.lease_token,
            interactive: false,
            batch: None,
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
    // Its row is looked up seven times, its body three; old versions that an index still names count as well.
    assert!(read <= 20 * jobs, "{read} rows read for {jobs} jobs");
    app.abandon().await;
}
