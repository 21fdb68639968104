use super::super::enqueue::enqueue;
use super::super::rows::Rows;
use super::behind_postgres_proxy;
use jobs::{EnqueueOptions, Kind, Pool};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tests::{TestApp, TestOptions, eventually};
use workers::{Done, Handle, JobContext, JobError};

/// Attempts that were stopped.
static STOPPED: AtomicUsize = AtomicUsize::new(0);

/// A kind that runs until it is stopped.
#[derive(Clone, Serialize, Deserialize)]
struct Endless {}

impl Kind for Endless {
    const NAME: &'static str = "tests.endless";
    const POOL: Pool = Pool::General;
}

struct CountStop;

impl Drop for CountStop {
    fn drop(&mut self) {
        STOPPED.fetch_add(1, Ordering::SeqCst);
    }
}

impl Handle for Endless {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        let _stopped = CountStop;
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_renewals_get_no_answer_stops_its_jobs_when_their_leases_end() {
    // No answer is late before a minute is over.
    let long = |key| (key, "30");
    let app = TestApp::start_with(TestOptions {
        registry: workers::handlers::registry().with::<Endless>(),
        ..behind_postgres_proxy(&[
            long("database.statement_timeout_secs"),
            long("database.silence_timeout_secs"),
        ])
    })
    .await;
    let jobs = enqueue(&app, app.tenant, &Endless {}, 5, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    Rows::of(&app).until(running, 5, Duration::from_secs(10)).await;
    app.postgres().stall();
    eventually("all jobs are stopped", Duration::from_secs(10), async || {
        STOPPED.load(Ordering::SeqCst) >= 5
    })
    .await;
    app.postgres().resume();
    app.abandon().await;
}
