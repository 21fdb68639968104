use super::super::enqueue::enqueue;
use super::super::rows::Rows;
use super::{behind_redis_proxy, cut};
use jobs::EnqueueOptions;
use jobs::kinds::diagnostics::Sleep;
use std::time::Duration;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn cutting_redis_again_and_again_loses_no_job_and_runs_none_twice() {
    // No lease is to end here.
    let settings = [("workers.general", "8"), ("dispatch.lease_secs", "15")];
    let app = TestApp::start_with(behind_redis_proxy(&settings)).await;
    let jobs = enqueue(&app, app.tenant, &Sleep { ms: 30 }, 500, &EnqueueOptions::default()).await;
    app.context.queue.push(&jobs).await;
    let mut rows = Rows::of(&app);
    let working = rows.until_succeeded(500, Duration::from_secs(60));
    tokio::select! {
        () = cut(app.redis(), usize::MAX) => {}
        () = working => {}
    }
    let connections = app.redis().accepted();
    assert!(
        connections > 20,
        "{connections} connections: they were not cut in the middle of the work"
    );
    rows.assert_each_succeeded_once(500).await;
    let attempts = rows.number("SELECT count(*) FROM job_attempts").await;
    assert_eq!(attempts, 500, "{}", rows.states().await);
    app.finish().await;
}
