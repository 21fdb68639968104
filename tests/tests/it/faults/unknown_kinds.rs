use super::enqueue::insert_raw;
use super::rows::Rows;
use jobs::{Kind, Pool};
use serde::{Deserialize, Serialize};
use std::time::Duration;
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
        Done::with(&serde_json::json!({}))
    }
}

const HANDED_BACK: &str = "SELECT count(*) FROM job_attempts WHERE outcome = 'handed_back'";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it() {
    let mut app = TestApp::start().await;
    let job = insert_raw(&app, Future::NAME, 1).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    let mut rows = Rows::of(&app);
    rows.until(HANDED_BACK, 1, Duration::from_secs(10)).await;
    assert_eq!(
        rows.texts("SELECT state || ' ' || attempt FROM jobs").await,
        ["scheduled 0"],
        "the attempt does not count"
    );

    app.stop_workers().await;
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
async fn a_payload_of_a_newer_version_is_handed_back() {
    let app = TestApp::start().await;
    let job = insert_raw(&app, "diagnostics.noop", 2).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    let mut rows = Rows::of(&app);
    rows.until(HANDED_BACK, 1, Duration::from_secs(10)).await;
    assert_eq!(
        rows.texts("SELECT state || ' ' || attempt FROM jobs").await,
        ["scheduled 0"],
        "the attempt does not count"
    );
    app.abandon().await;
}
