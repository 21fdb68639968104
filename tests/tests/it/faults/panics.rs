use super::enqueue::{enqueue, enqueue_one};
use super::rows::Rows;
use jobs::kinds::diagnostics::Noop;
use jobs::{EnqueueOptions, Kind, Pool};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tests::{TestApp, TestOptions};
use workers::{Done, Handle, JobContext, JobError};

/// A kind whose handler is broken.
#[derive(Clone, Serialize, Deserialize)]
struct Panic {}

impl Kind for Panic {
    const NAME: &'static str = "tests.panic";
    const POOL: Pool = Pool::General;
}

impl Handle for Panic {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        tokio::task::yield_now().await;
        panic!("on purpose")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_fails_its_attempt_and_the_worker_lives() {
    let options = TestOptions {
        // Were a slot lost with each panic, none would be left.
        settings: vec![("workers.general", "2".to_owned())],
        registry: workers::handlers::registry().with::<Panic>(),
        ..TestOptions::default()
    };
    let app = TestApp::start_with(options).await;
    let once = EnqueueOptions {
        max_attempts: Some(1),
        ..EnqueueOptions::default()
    };
    let panicking = enqueue(&app, app.tenant, &Panic {}, 20, &once).await;
    app.context.queue.push(&panicking).await;
    let mut rows = Rows::of(&app);
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'dead'",
        20,
        Duration::from_secs(20),
    )
    .await;
    assert_eq!(
        rows.texts("SELECT DISTINCT error ->> 'code' FROM job_bodies").await,
        ["panicked"]
    );
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    assert_eq!(app.client.ended(&job.id.to_string()).await["state"], "succeeded");
    app.abandon().await;
}
