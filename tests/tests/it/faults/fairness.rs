use super::enqueue::enqueue;
use super::rows::Rows;
use jobs::kinds::diagnostics::Noop;
use jobs::{EnqueueOptions, Pool};
use std::time::Duration;
use tests::{TestApp, TestOptions};

const OF_A: usize = 5000;

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_jobs_do_not_wait_behind_another_tenants_backlog() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let backlog = enqueue(&app, app.tenant, &Noop {}, OF_A, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&backlog).await.unwrap();
    let few = enqueue(&app, app.tenant_b, &Noop {}, 20, &EnqueueOptions::default()).await;
    app.context.queue.try_push(&few).await.unwrap();
    app.start_workers(vec![Pool::General]);
    let mut rows = Rows::of(&app);
    let all = i64::try_from(OF_A).unwrap() + 20;
    rows.until_succeeded(all, Duration::from_secs(60)).await;
    // Turn about, B's last is the 40th popped; what else starts before it was popped with it.
    let before = format!(
        "SELECT count(*) FROM job_attempts WHERE tenant_id = '{}'
           AND started_at < (SELECT max(started_at) FROM job_attempts WHERE tenant_id = '{}')",
        app.tenant, app.tenant_b
    );
    let before = rows.number(&before).await;
    assert!(before <= 200, "{before} of A's jobs started before B's last");
    app.finish().await;
}
