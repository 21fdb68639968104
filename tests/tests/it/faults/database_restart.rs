use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn restarting_postgres_loses_no_job_and_runs_none_twice() {
    let system = Deployment::start(&[("VISUALKIT__WORKERS__GENERAL", "16")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _process = system.up().await;
    system.submit("diagnostics.sleep", json!({"ms": 200}), 400).await;
    rows.until_succeeded(50, Duration::from_secs(30)).await;
    system.servers.restart("postgres");
    rows.until_succeeded(200, Duration::from_secs(30)).await;
    system.servers.kill("postgres");
    system.servers.start_again("postgres");
    system.submit("diagnostics.noop", json!({}), 5).await;
    rows.until_succeeded(405, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(405).await;
}
