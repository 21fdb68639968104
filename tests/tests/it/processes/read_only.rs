//! A database that only reads: a standby, or one that is being replaced.
use super::without_workers;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use std::time::Duration;
use tests::{TestApp, eventually};

async fn ready(app: &TestApp) -> u16 {
    let answered = reqwest::get(format!("{}/health/ready", app.admin_url)).await.unwrap();
    answered.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_database_only_reads_nothing_is_ready_and_it_is_noticed_when_it_writes_again() {
    let app = without_workers().await;
    let name = &app.database.name;
    let mut owner = app.database.owner().await;
    let make = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    owner.batch_execute(&make).await.unwrap();
    let ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()";
    let mut other = AsyncPgConnection::establish(&app.database.app_url).await.unwrap();
    other.batch_execute(ended).await.unwrap();
    eventually("it is not ready", Duration::from_secs(10), async || {
        ready(&app).await == 503
    })
    .await;
    let body = json!({"kind": "diagnostics.noop", "payload": {}});
    for _ in 0..3 {
        let refused = app.client.post("/v1/jobs", body.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (503, &json!("unavailable")),
            "{}",
            refused.text
        );
    }
    let mend = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
    owner.batch_execute(&mend).await.unwrap();
    // The connections that only read are given up, each as it is found to.
    eventually("it is ready", Duration::from_secs(20), async || {
        ready(&app).await == 200
    })
    .await;
    eventually("jobs are taken", Duration::from_secs(20), async || {
        app.client.post("/v1/jobs", body.clone()).await.status == 202
    })
    .await;
    app.abandon().await;
}
