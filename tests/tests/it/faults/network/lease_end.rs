use super::super::enqueue::enqueue;
use super::super::rows::Rows;
use super::behind_postgres_proxy;
use jobs::{EnqueueOptions, Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::json;
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

/// Attempts that were begun.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// A kind whose first attempt runs until it is stopped.
#[derive(Clone, Serialize, Deserialize)]
struct EndlessAtFirst {}

impl Kind for EndlessAtFirst {
    const NAME: &'static str = "tests.endless_at_first";
    const POOL: Pool = Pool::General;
}

impl Handle for EndlessAtFirst {
    async fn handle(self, _: JobContext) -> Result<Done, JobError> {
        if BEGUN.fetch_add(1, Ordering::SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        Done::with(&json!({}))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_lease_ended_while_postgres_was_away_does_not_count() {
    let app = TestApp::start_with(TestOptions {
        registry: workers::handlers::registry().with::<EndlessAtFirst>(),
        ..behind_postgres_proxy(&[])
    })
    .await;
    let once = EnqueueOptions {
        max_attempts: Some(1),
        ..EnqueueOptions::default()
    };
    let jobs = enqueue(&app, app.tenant, &EndlessAtFirst {}, 1, &once).await;
    app.context.queue.push(&jobs).await;
    let running = "SELECT count(*) FROM jobs WHERE state = 'running'";
    Rows::of(&app).until(running, 1, Duration::from_secs(10)).await;
    app.postgres().refuse();
    app.postgres().cut();
    // Long enough that a look for expired leases was given up, which is after a lease.
    let away = "SELECT count(*) FROM jobs WHERE lease_until < now() - interval '2 seconds'";
    Rows::of(&app).until(away, 1, Duration::from_secs(10)).await;
    app.postgres().accept();
    let ended = app.client.ended(&jobs[0].id.to_string()).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"]),
        (&json!("succeeded"), &json!(1)),
        "{ended}"
    );
    let said = |nth: usize| {
        (
            &ended["attempts"][nth]["outcome"],
            &ended["attempts"][nth]["error"]["code"],
        )
    };
    assert_eq!(
        (said(0), said(1)),
        (
            (&json!("handed_back"), &json!("database_away")),
            (&json!("succeeded"), &json!(null))
        ),
        "{ended}"
    );
    assert_eq!(ended["error"], json!(null), "{ended}");
    app.finish().await;
}
