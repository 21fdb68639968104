use super::enqueue::{claim_by_hand, enqueue_one};
use super::rows::Rows;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jobs::kinds::diagnostics::{Noop, Sleep};
use jobs::{EnqueueOptions, Pool};
use serde_json::json;
use std::time::{Duration, Instant};
use store::jobs::{
    ClaimedJob, ExpiredJob, Finish, Held, JobState, Outcome, Progress, claim, expire_leases, finish, finish_in, renew,
    save_progress,
};
use store::knowledge_bases::{self, NewKnowledgeBase};
use store::{JobId, KnowledgeBaseId, StoreError};
use tests::{TestApp, TestOptions, far_ahead};
use uuid::Uuid;

fn without_workers() -> TestOptions {
    TestOptions {
        pools: Vec::new(),
        settings: vec![("dispatch.lease_secs", "1".to_owned())],
        ..TestOptions::default()
    }
}

/// What a worker writes at the end of a job that went well.
fn success(of: &ClaimedJob) -> Finish {
    Finish {
        id: of.id,
        lease_token: of.lease_token,
        interactive: of.interactive,
        batch: of.parent_id,
        steps: None,
        outcome: Outcome::Succeeded {
            result: json!({"by": of.lease_token}),
        },
    }
}

/// Waits until a lease has ended and takes its job back, as the reconciler does.
pub(super) async fn expire_one(app: &TestApp) -> ExpiredJob {
    expire_one_after(app, Duration::ZERO).await
}

/// The same, where the database was away for so long.
pub(super) async fn expire_one_after(app: &TestApp, away: Duration) -> ExpiredJob {
    let start = std::time::Instant::now();
    loop {
        if let Some(expired) = expire_leases(&app.context.system, 100, away).await.unwrap().pop() {
            return expired;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "no lease has expired");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_lease_has_expired_runs_again() {
    let mut app = TestApp::start_with(without_workers()).await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    claim_by_hand(&app, job.id, 300).await;
    app.start_workers(vec![Pool::General]);
    let ended = app.client.ended(&job.id.to_string()).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(2)),
        "{ended}"
    );
    let outcomes: Vec<_> = ended["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["outcome"])
        .collect();
    assert_eq!(outcomes, ["lost", "succeeded"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_job_that_waits_and_is_due_can_be_claimed() {
    let app = TestApp::start_with(without_workers()).await;
    let system = &app.context.system;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let ids = [job.id];
    let claim = |worker: &'static str| claim(system, &ids, worker, Uuid::new_v4(), 60_000);
    let (one, two, three) = tokio::join!(claim("one"), claim("two"), claim("three"));
    let mut claimed: Vec<ClaimedJob> = [one, two, three].into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1, "a job was claimed twice");
    assert!(claim("four").await.unwrap().is_empty(), "a running job was claimed");
    assert_eq!(finish(system, &[success(&claimed.remove(0))]).await.unwrap().len(), 1);
    assert!(claim("five").await.unwrap().is_empty(), "an ended job was claimed");

    let far_ahead = json!({"kind": "diagnostics.noop", "payload": {}, "run_at": far_ahead()});
    let later = app.client.post("/v1/jobs", far_ahead).await;
    let later = JobId(later.body["id"].as_str().unwrap().parse().unwrap());
    let claimed = store::jobs::claim(system, &[later], "early", Uuid::new_v4(), 60_000)
        .await
        .unwrap();
    assert!(claimed.is_empty(), "a job was claimed before its time");
    assert_eq!(Rows::of(&app).jobs("scheduled").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_for_as_long_as_its_job_runs() {
    let settings = vec![("dispatch.lease_secs", "1".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let submitted = app
        .client
        .post(
            "/v1/jobs",
            json!({"kind": "diagnostics.sleep", "payload": {"ms": 3500}}),
        )
        .await;
    let ended = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_although_its_row_is_locked_nearly_all_the_time() {
    let settings = vec![("dispatch.lease_secs", "1".to_owned())];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 3500}});
    let submitted = app.client.post("/v1/jobs", body).await;
    let job = submitted.body["id"].as_str().unwrap().to_owned();
    let mut conn = app.database.owner().await;
    // As a job does that writes under its lease, one transaction after the other.
    let mut write = async || loop {
        let held = format!(
            "BEGIN; SELECT FROM jobs WHERE id = '{job}' AND state = 'running' FOR NO KEY UPDATE; SELECT pg_sleep(0.03); COMMIT"
        );
        conn.batch_execute(&held).await.unwrap();
    };
    let ended = tokio::select! {
        ended = app.client.ended(&job) => ended,
        () = write() => unreachable!("it writes until the job has ended"),
    };
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_stay_locked_cost_no_other_job_its_lease() {
    let settings = vec![
        ("dispatch.lease_secs", "1".to_owned()),
        ("workers.general", "32".to_owned()),
    ];
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let mut ids = Vec::new();
    for _ in 0..25 {
        let body = json!({"kind": "diagnostics.sleep", "payload": {"ms": 5000}});
        let submitted = app.client.post("/v1/jobs", body).await;
        ids.push(submitted.body["id"].as_str().unwrap().to_owned());
    }
    let mut rows = Rows::of(&app);
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    rows.until(running, 25, Duration::from_secs(10)).await;
    let innocent = ids.pop().unwrap();
    let mut owner = app.database.owner().await;
    owner
        .batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id <> '{innocent}' FOR UPDATE"))
        .await
        .unwrap();
    let ended = app.client.ended(&innocent).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    owner.batch_execute("ROLLBACK").await.unwrap();
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_waits_for_no_locked_row_and_says_which_it_left_out() {
    let app = TestApp::start_with(without_workers()).await;
    let mut rows = Rows::of(&app);
    let mut progress = Vec::new();
    for _ in 0..3 {
        let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
        let claimed = claim_by_hand(&app, job.id, 60_000).await;
        progress.push(Progress {
            held: Held {
                id: claimed.id,
                lease_token: claimed.lease_token,
            },
            progress: Some(json!({"done": 1})),
            steps: None,
            waits: None,
        });
    }
    // The third has lost its lease: it is not to be tried again.
    progress[2].held.lease_token = Uuid::new_v4();
    let locked = progress[0].held.id;
    let mut owner = app.database.owner().await;
    owner
        .batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{locked}' FOR UPDATE"))
        .await
        .unwrap();
    let save = async || {
        let saving = save_progress(&app.context.system, &progress);
        tokio::time::timeout(Duration::from_secs(10), saving)
            .await
            .expect("nothing is waited for")
            .unwrap()
    };
    assert_eq!(save().await, [locked]);
    let written = "SELECT count(*) FROM jobs WHERE progress IS NOT NULL";
    assert_eq!(rows.number(written).await, 1);
    owner.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(save().await, []);
    assert_eq!(rows.number(written).await, 2);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_can_neither_renew_nor_end_the_job() {
    let app = TestApp::start_with(without_workers()).await;
    let job = enqueue_one(&app, &Sleep { ms: 1 }, &EnqueueOptions::default()).await;
    let first = claim_by_hand(&app, job.id, 1).await;
    assert_eq!(expire_one(&app).await.state, JobState::Queued);
    let second = claim_by_hand(&app, job.id, 60_000).await;

    // The job runs, but not under this token.
    let system = &app.context.system;
    assert!(
        finish(system, &[success(&first)]).await.unwrap().is_empty(),
        "a lost lease ended the job"
    );
    let [lost, held] = [&first, &second].map(|of| Held {
        id: of.id,
        lease_token: of.lease_token,
    });
    assert!(
        renew(system, &[lost], 60_000).await.unwrap().is_empty(),
        "a lost lease was renewed"
    );
    // A process that lost a job and took it again has both.
    for both in [[lost, held], [held, lost]] {
        assert_eq!(renew(system, &both, 60_000).await.unwrap().len(), 1, "{both:?}");
    }
    let mut rows = Rows::of(&app);
    assert_eq!(rows.jobs("running").await, 1);

    let both = [success(&second), success(&first)];
    assert_eq!(finish(system, &both).await.unwrap().len(), 1);
    assert!(
        finish(system, &[success(&first)]).await.unwrap().is_empty(),
        "an ended job was ended again"
    );
    assert!(
        finish(system, &[success(&second)]).await.unwrap().is_empty(),
        "an ended job was ended again"
    );
    let result = rows.texts("SELECT result ->> 'by' FROM job_bodies").await;
    assert_eq!(result, [second.lease_token.to_string()]);
    rows.assert_each_succeeded_once(1).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_cannot_commit_what_the_job_wrote() {
    let app = TestApp::start_with(without_workers()).await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let first = claim_by_hand(&app, job.id, 1).await;
    expire_one(&app).await;
    let second = claim_by_hand(&app, job.id, 60_000).await;

    let refused = write_and_finish(&app, &first).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    let mut rows = Rows::of(&app);
    assert_eq!(
        rows.number("SELECT count(*) FROM knowledge_bases").await,
        0,
        "the write of a lost lease was committed"
    );
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts WHERE outcome = 'succeeded'")
            .await,
        0
    );

    write_and_finish(&app, &second).await.unwrap();
    assert_eq!(rows.number("SELECT count(*) FROM knowledge_bases").await, 1);
    rows.assert_each_succeeded_once(1).await;
    app.finish().await;
}

/// A handler's last transaction: a write of its own, and the end of the job.
async fn write_and_finish(app: &TestApp, claimed: &ClaimedJob) -> Result<(), StoreError> {
    let finish = success(claimed);
    app.context
        .store
        .tenant(app.tenant, async move |tx| {
            let base = NewKnowledgeBase {
                id: KnowledgeBaseId::generate(),
                name: "written",
                language: "en",
                embedding_model: "m",
                vector_store: store::VectorStore::Embedded,
            };
            knowledge_bases::create(tx, &base).await?;
            finish_in(tx, finish).await.map(|_| ())
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_written_yet_holds_up_no_other() {
    // Nobody else waits for the row: leases are not renewed meanwhile.
    let app = TestApp::start_with(TestOptions {
        settings: vec![("dispatch.lease_secs", "60".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let mut rows = Rows::of(&app);
    let submit = async |job| {
        let submitted = app.client.post("/v1/jobs", job).await;
        submitted.body["id"].as_str().unwrap().to_owned()
    };
    let locked = submit(json!({"kind": "diagnostics.sleep", "payload": {"ms": 500}})).await;
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'running'",
        1,
        Duration::from_secs(10),
    )
    .await;
    let mut owner = app.database.owner().await;
    owner.batch_execute("BEGIN; SELECT FROM jobs FOR UPDATE").await.unwrap();
    // Its handler ends meanwhile. What ends in the same moment is written together with it, and waits as well.
    let (start, mut others) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(2) {
        submit(json!({"kind": "diagnostics.noop"})).await;
        others += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let last = submit(json!({"kind": "diagnostics.noop"})).await;
    let ended = app.client.ended_within(&last, Duration::from_secs(10)).await;
    assert_eq!(ended["state"], "succeeded");
    let held_up = rows.jobs("running").await;
    assert!((1..others).contains(&held_up), "{}", rows.states().await);
    owner.batch_execute("COMMIT").await.unwrap();
    assert_eq!(app.client.ended(&locked).await["state"], "succeeded");
    rows.until_succeeded(2 + others, Duration::from_secs(10)).await;
    rows.assert_each_succeeded_once(2 + others).await;
    app.finish().await;
}

/// It could wait for as long as a statement may take, and each that is tried after it as well.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_given_up_waits_for_no_lock_any_more() {
    let app = TestApp::start_with(without_workers()).await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let claimed = claim_by_hand(&app, job.id, 60_000).await;
    let mut owner = app.database.owner().await;
    owner.batch_execute("BEGIN; SELECT FROM jobs FOR UPDATE").await.unwrap();
    let holder: i32 = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()"))
        .get_result(&mut owner)
        .await
        .unwrap();
    let waiting =
        format!("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND {holder} = ANY(pg_blocking_pids(pid))");
    let mut rows = Rows::of(&app);
    let outcomes = [success(&claimed)];
    tokio::select! {
        _ = finish(&app.context.system, &outcomes) => panic!("the row is locked"),
        () = rows.until(&waiting, 1, Duration::from_secs(10)) => {}
    }
    let none = format!("SELECT (({waiting}) = 0)::int::bigint");
    rows.until(&none, 1, Duration::from_secs(10)).await;
    owner.batch_execute("COMMIT").await.unwrap();
    assert_eq!(finish(&app.context.system, &outcomes).await.unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_asked_to_stop_while_its_end_is_written_does_not_run_again() {
    let app = TestApp::start_with(without_workers()).await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let claimed = claim_by_hand(&app, job.id, 60_000).await;
    let mut owner = app.database.owner().await;
    owner
        .batch_execute("BEGIN; UPDATE jobs SET cancel_requested = true, progress = '{\"done\": 1, \"total\": 2}'")
        .await
        .unwrap();
    let failed = Finish {
        outcome: Outcome::Retry {
            error: json!({"code": "failed"}),
            delay: Duration::ZERO,
        },
        ..success(&claimed)
    };
    let asked = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'tuple'
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        Rows::of(&app).until(waiting, 1, Duration::from_secs(10)).await;
        owner.batch_execute("COMMIT").await.unwrap();
    };
    let ends = [failed];
    let (ended, ()) = tokio::join!(finish(&app.context.system, &ends), asked);
    let ended = ended.unwrap();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].state, JobState::Cancelled);
    let mut rows = Rows::of(&app);
    let written = rows
        .texts("SELECT concat_ws(' ', state, attempt, progress ->> 'done', finished_at IS NOT NULL) FROM jobs")
        .await;
    assert_eq!(written, ["cancelled 1 1 t"]);
    app.finish().await;
}
