//! A pause that ends lets go what it held back, a piece at a time.
use super::enqueue::enqueue;
use super::rows::Rows;
use diesel_async::SimpleAsyncConnection;
use jobs::EnqueueOptions;
use jobs::kinds::diagnostics::Noop;
use std::time::Duration;
use store::jobs::{kinds_to_release, release_kinds};
use tests::{TestApp, TestOptions};
use workers::{Paused, release_paused};

const ASIDE: &str = "SELECT count(*) FROM jobs WHERE state = 'queued' AND dispatch_epoch = 'paused'";

async fn with_put_aside(jobs: usize) -> (TestApp, Rows) {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    enqueue(&app, app.tenant, &Noop {}, jobs, &EnqueueOptions::default()).await;
    let mut rows = Rows::of(&app);
    rows.execute("UPDATE jobs SET dispatch_epoch = 'paused'").await;
    (app, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_release_is_made_in_pieces_between_which_others_have_their_turn() {
    let (app, mut rows) = with_put_aside(6500).await;
    let mut paused = Paused::new(Duration::from_secs(600));
    assert!(paused.release(&app.context.system).await.unwrap(), "there is more");
    assert_eq!(rows.number(ASIDE).await, 1500);
    while paused.release(&app.context.system).await.unwrap() {}
    assert_eq!(rows.number(ASIDE).await, 0);
    assert_eq!(rows.jobs("queued").await, 6500);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_locked_is_let_go_at_a_later_look() {
    let (app, mut rows) = with_put_aside(3).await;
    let mut owner = app.database.owner().await;
    owner
        .batch_execute("BEGIN; SELECT FROM jobs WHERE id = (SELECT id FROM jobs ORDER BY id LIMIT 1) FOR UPDATE")
        .await
        .unwrap();
    let mut paused = Paused::new(Duration::from_secs(600));
    // Nobody hurries for what is locked, or waits for it.
    assert!(paused.release(&app.context.system).await.unwrap());
    assert!(!paused.release(&app.context.system).await.unwrap());
    assert_eq!(rows.number(ASIDE).await, 1);
    owner.batch_execute("ROLLBACK").await.unwrap();
    assert!(paused.release(&app.context.system).await.unwrap());
    assert_eq!(rows.number(ASIDE).await, 0);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_at_a_time_lets_jobs_go() {
    let (app, mut rows) = with_put_aside(3).await;
    let mut other = app.database.owner().await;
    other
        .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(7305004)")
        .await
        .unwrap();
    let system = &app.context.system;
    let kinds = kinds_to_release(system, 10).await.unwrap();
    assert_eq!(release_kinds(system, &kinds, 10).await.unwrap(), None);
    assert_eq!(rows.number(ASIDE).await, 3);
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(release_paused(system).await.unwrap(), 3);
    app.abandon().await;
}
