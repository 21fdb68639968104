use super::enqueue::insert_raw;
use super::rows::Rows;
use jobs::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use store::JobId;
use tests::TestApp;
use workers::{Done, Handle, JobContext, JobError};

/// What a newer version of the program knows and this one does not.
#[derive(Clone, Serialize, Deserialize)]
struct Future {}

impl Kind for Future {
    const NAME: &'static str = "tests.future";
    const POOL: Pool = Pool::General;
}

impl Handle for Future {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        Done::with(&json!({}))
    }
}

/// How often it was put off.
const PUT_OFF: &str = "SELECT (snooze ->> 'count')::int FROM jobs WHERE state = 'scheduled'";

async fn assert_left_to_others(app: &TestApp, rows: &mut Rows, job: JobId) {
    rows.until(PUT_OFF, 1, Duration::from_secs(10)).await;
    assert_eq!(
        rows.texts("SELECT state || ' ' || attempt FROM jobs").await,
        ["scheduled 0"],
        "the attempt does not count"
    );
    let why = app.client.get(&format!("/v1/jobs/{job}/why")).await.body;
    let blocker = &why["blocked_by"][0];
    assert_eq!(
        (&blocker["reason"], &blocker["class"]),
        (&json!("unknown_kind"), &json!("stuck")),
        "{why}"
    );
    assert_eq!(
        rows.number("SELECT count(*) FROM job_attempts").await,
        0,
        "it left no trace"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it() {
    let mut app = TestApp::start().await;
    let job = insert_raw(&app, Future::NAME, 1).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    let mut rows = Rows::of(&app);
    assert_left_to_others(&app, &mut rows, job.id).await;

    app.stop_workers().await;
    // As if it had waited for long: it is looked at less and less often.
    rows.execute(
        "UPDATE jobs SET run_at = now(), snooze = snooze || jsonb_build_object('since', now() - interval '30 seconds')",
    )
    .await;
    app.start_workers(vec![Pool::General]);
    rows.until(PUT_OFF, 2, Duration::from_secs(10)).await;
    let delay = rows.number("SELECT extract(epoch FROM run_at - now()) FROM jobs").await;
    assert!((25..=60).contains(&delay), "{delay} s");
    app.stop_workers().await;
    rows.execute("UPDATE jobs SET run_at = now()").await;

    app.registry = workers::handlers::registry().with::<Future>();
    app.start_workers(vec![Pool::General]);
    let ended = app.client.ended(&job.id.to_string()).await;
    assert_eq!(
        (ended["state"].as_str(), ended["attempt"].as_i64()),
        (Some("succeeded"), Some(1)),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_of_a_newer_version_is_left_to_newer_workers() {
    let app = TestApp::start().await;
    let job = insert_raw(&app, "diagnostics.noop", 2).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    let mut rows = Rows::of(&app);
    assert_left_to_others(&app, &mut rows, job.id).await;
    app.abandon().await;
}
