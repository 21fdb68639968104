use super::{hook, run_job};
use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use std::time::Duration;
use tests::{Receiver, TestApp, TestOptions, eventually};

/// Lets every insert into the table fail, or no longer.
async fn break_table(app: &TestApp, table: &str, broken: bool) {
    let statement = if broken {
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    } else {
        format!("DROP TRIGGER refuse ON {table}; DROP FUNCTION refuse()")
    };
    app.database.owner().await.batch_execute(&statement).await.unwrap();
}

/// A job's end that cannot be written leaves no event, and an event that cannot be written leaves no end: neither is there without the other.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_committed_if_and_only_if_the_end_of_its_job_is() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("dispatch.lease_secs", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let receiver = Receiver::start(&[]).await;
    hook(&app.client, &receiver, &["job.*"]).await;
    run_job(&app, "diagnostics.noop", json!({})).await;
    receiver.receive(1).await;
    for (round, table) in ["job_attempts", "webhook_deliveries"].into_iter().enumerate() {
        let before = app.count("SELECT count(*) FROM webhook_deliveries").await;
        break_table(&app, table, true).await;
        let body = json!({"kind": "diagnostics.noop", "max_attempts": 20});
        let job = app.client.post("/v1/jobs", body).await.body["id"]
            .as_str()
            .unwrap()
            .to_owned();
        // With the attempts' table broken, the lost lease cannot be written down either: the job stays as it is.
        let tried = format!("SELECT count(*) FROM jobs WHERE id = '{job}' AND (attempt >= 2 OR lease_until < now())");
        eventually("the end is refused", Duration::from_secs(20), async || {
            app.count(&tried).await == 1
        })
        .await;
        let ended = format!("SELECT count(*) FROM jobs WHERE id = '{job}' AND finished_at IS NOT NULL");
        assert_eq!(app.count(&ended).await, 0, "{table}");
        assert_eq!(
            app.count("SELECT count(*) FROM webhook_deliveries").await,
            before,
            "{table}"
        );
        break_table(&app, table, false).await;
        assert_eq!(app.client.ended(&job).await["state"], "succeeded");
        assert_eq!(
            app.count("SELECT count(*) FROM webhook_deliveries").await,
            before + 1,
            "{table}"
        );
        receiver.receive(round + 2).await;
    }
    app.abandon().await;
}

/// A job that loses its worker for the last time is dead, and that is told too.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_lost_its_last_worker_is_told_to_be_dead() {
    let app = TestApp::start_with(TestOptions {
        pools: vec![jobs::Pool::Delivery],
        ..TestOptions::default()
    })
    .await;
    let receiver = Receiver::start(&[]).await;
    hook(&app.client, &receiver, &["job.dead"]).await;
    let body = json!({"kind": "diagnostics.noop", "max_attempts": 1});
    let job = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let lose = format!(
        "UPDATE jobs SET state = 'running', attempt = 1, lease_token = gen_random_uuid(), lease_until = now(), worker = 'w',
                attempt_started_at = now() WHERE id = '{job}'"
    );
    app.database.owner().await.batch_execute(&lose).await.unwrap();
    let told = receiver.receive(1).await.remove(0).json();
    assert_eq!(
        (&told["data"]["id"], &told["data"]["error"]["code"]),
        (&json!(job), &json!("worker_lost")),
        "{told}"
    );
    app.abandon().await;
}
