//! The counts of batches add up, and what follows runs once, whoever ends the jobs, in whatever order, and whoever is lost meanwhile.
use super::deployment::Deployment;
use super::leases::expire_one;
use super::rows::Rows;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use std::time::Duration;
use store::jobs::{ClaimedJob, Finish, Outcome, claim, finish};
use store::{JobId, System};
use tests::{Client, TestApp, TestOptions, eventually, far_ahead};

const ENDED: &str = "SELECT count(*) FROM batches WHERE ended_at IS NOT NULL";

async fn submit(client: &Client, batch: Value) -> String {
    let submitted = client.post("/v1/batches", batch).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_and_a_wiped_redis_in_the_middle_of_a_batch_cost_no_count() {
    let system = Deployment::start(&[("VISUALKIT__WORKERS__GENERAL", "16")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let mut killed = system.worker(&[]).await;
    let _other = system.worker(&[]).await;
    let noop = json!({"kind": "diagnostics.noop"});
    let jobs = vec![json!({"kind": "diagnostics.sleep", "payload": {"ms": 100}}); 400];
    submit(&system.client, json!({"jobs": jobs, "on_complete": noop})).await;
    rows.until_succeeded(80, Duration::from_secs(30)).await;
    let of_killed = format!(
        "SELECT count(*) FROM jobs WHERE state = 'running' AND worker LIKE 'general-{}-%'",
        killed.id()
    );
    rows.until(&of_killed, 4, Duration::from_secs(10)).await;
    killed.signal("KILL");
    assert!(!killed.wait(), "a killed process does not end cleanly");
    rows.until_succeeded(200, Duration::from_secs(30)).await;
    let mut redis = redis::Client::open(system.servers.get("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut redis).await.unwrap();
    let _third = system.worker(&[]).await;

    rows.until_succeeded(401, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(401).await;
    assert!(
        rows.number("SELECT count(*) FROM job_attempts WHERE outcome = 'lost'")
            .await
            > 0
    );
    let counted = rows
        .texts("SELECT concat_ws(' ', total, succeeded, dead, cancelled) FROM batches")
        .await;
    assert_eq!(counted, ["400 400 0 0"]);
    let early = "SELECT count(*) FROM jobs c JOIN jobs p ON p.id = c.parent_id WHERE c.finished_at > p.started_at";
    assert_eq!(rows.number(early).await, 0, "what follows ran before a job had ended");
}

fn without_workers() -> TestOptions {
    TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    }
}

async fn claim_all(system: &System, rows: &mut Rows, lease_ms: i64) -> Vec<ClaimedJob> {
    let ids = rows
        .texts("SELECT id FROM jobs WHERE state = 'queued' ORDER BY id")
        .await;
    let ids: Vec<JobId> = ids.iter().map(|id| JobId(id.parse().unwrap())).collect();
    claim(system, &ids, "by-hand", uuid::Uuid::new_v4(), lease_ms)
        .await
        .unwrap()
}

fn end(job: &ClaimedJob, outcome: Outcome) -> Finish {
    Finish {
        id: job.id,
        lease_token: job.lease_token,
        interactive: job.interactive,
        batch: job.parent_id,
        steps: None,
        outcome,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_jobs_of_many_batches_that_end_at_once_are_all_counted() {
    let mut app = TestApp::start_with(without_workers()).await;
    let mut rows = Rows::of(&app);
    let noop = json!({"kind": "diagnostics.noop"});
    for _ in 0..8 {
        submit(
            &app.client,
            json!({"jobs": vec![noop.clone(); 120], "on_complete": noop}),
        )
        .await;
    }
    let claimed = claim_all(&app.context.system, &mut rows, 600_000).await;
    assert_eq!(claimed.len(), 960);
    // Each group has jobs of every batch; half of the groups name them backwards, and every group is written twice.
    let mut writing = tokio::task::JoinSet::new();
    for group in 0..24 {
        let mut ends: Vec<Finish> = claimed
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 24 == group)
            .map(|(at, job)| match at % 5 {
                0 => end(job, Outcome::Dead { error: json!({}) }),
                1 => end(job, Outcome::Cancelled),
                _ => end(job, Outcome::Succeeded { result: json!({}) }),
            })
            .collect();
        if group % 2 == 0 {
            ends.reverse();
        }
        for _ in 0..2 {
            let (system, ends) = (app.context.system.clone(), ends.clone());
            writing.spawn(async move { finish(&system, &ends).await.map(|ended| ended.len()) });
        }
    }
    let mut written = 0;
    while let Some(wrote) = writing.join_next().await {
        written += wrote.unwrap().expect("no group is refused");
    }
    assert_eq!(written, 960, "each job ended once");
    let counted = "SELECT concat_ws(' ', total, succeeded, dead, cancelled) FROM batches";
    assert_eq!(rows.texts(counted).await, vec!["120 72 24 24"; 8]);
    assert_eq!(rows.number(ENDED).await, 0, "nobody has looked yet");
    // Whoever comes first, and several at once.
    app.start_workers(vec![jobs::Pool::General]);
    rows.until(
        "SELECT count(*) FROM jobs WHERE awaits_batch = false AND parent_id IS NULL AND state = 'succeeded'",
        8,
        Duration::from_secs(20),
    )
    .await;
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts a JOIN batches b ON b.id = a.job_id")
            .await,
        8
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_worker_whose_job_is_dead_is_counted_and_cancels_the_rest() {
    let mut app = TestApp::start_with(without_workers()).await;
    let mut rows = Rows::of(&app);
    let once = json!({"kind": "diagnostics.noop", "max_attempts": 1});
    let far = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let batch = submit(&app.client, json!({"jobs": [once, far], "on_failure": "cancel"})).await;
    let lost = claim_all(&app.context.system, &mut rows, 1).await;
    expire_one(&app).await;
    let late = end(&lost[0], Outcome::Succeeded { result: json!({}) });
    assert!(finish(&app.context.system, &[late]).await.unwrap().is_empty());
    let counted = "SELECT concat_ws(' ', total, succeeded, dead, cancelled, stopped_by) FROM batches";
    assert_eq!(rows.texts(counted).await, ["2 0 1 0 failure"]);
    app.start_workers(vec![jobs::Pool::General]);
    rows.until(ENDED, 1, Duration::from_secs(20)).await;
    let shown = app.client.get(&format!("/v1/batches/{batch}")).await.body;
    assert_eq!(
        (&shown["state"], &shown["counts"]["cancelled"]),
        (&json!("failed"), &json!(1)),
        "{shown}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_can_be_cancelled_while_what_follows_it_is_among_many() {
    let app = TestApp::start_with(without_workers()).await;
    let noop = json!({"kind": "diagnostics.noop"});
    let batch = submit(&app.client, json!({"jobs": [noop], "on_complete": noop})).await;
    let mut busy = app.database.owner().await;
    busy.batch_execute("BEGIN; SELECT FROM jobs WHERE parent_id IS NOT NULL FOR UPDATE")
        .await
        .unwrap();
    let limit = Duration::from_secs(10);
    let many = app.client.post("/v1/jobs/cancel", json!({"kind": "diagnostics.noop"}));
    let stop = format!("/v1/batches/{batch}/cancel");
    let meanwhile = async {
        eventually("the first waits", limit, async || app.waiting_backends().await == 1).await;
        let free = async {
            let stopped = "SELECT count(*) AS count FROM batches WHERE stopped_at IS NOT NULL";
            eventually("the second is done, or waits too", limit, async || {
                app.waiting_backends().await > 1 || app.count(stopped).await == 1
            })
            .await;
            busy.batch_execute("COMMIT").await.unwrap();
        };
        tokio::join!(app.client.post(&stop, Value::Null), free).0
    };
    let (many, one) = tokio::join!(many, meanwhile);
    assert_eq!(
        (many.status.as_u16(), one.status.as_u16()),
        (200, 202),
        "{} {}",
        many.text,
        one.text
    );
    let states = app.texts("SELECT DISTINCT state AS text FROM jobs").await;
    assert_eq!(states, ["cancelled"]);
    app.abandon().await;
}
