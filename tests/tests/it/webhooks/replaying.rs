use super::{Hook, hook};
use serde_json::json;
use tests::{Answer, Receiver, TestApp};
use workers::UnsettledDeliveries;

/// A delivery that has failed for good.
async fn failed(app: &TestApp, hook: &Hook) -> String {
    app.client.post(&hook.path("/test"), json!({})).await;
    let delivery = hook.attempted(&app.client, 1).await;
    app.client
        .post(
            &format!("/v1/jobs/{}/cancel", delivery["job_id"].as_str().unwrap()),
            json!({}),
        )
        .await;
    hook.in_state(&app.client, "failed").await["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_sent_again_under_the_id_it_had() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let delivered = hook.in_state(&app.client, "delivered").await;
    let path = hook.path(&format!("/deliveries/{}/replay", delivered["id"].as_str().unwrap()));
    let replayed = app.client.post(&path, json!({})).await;
    assert_eq!(
        (replayed.status.as_u16(), &replayed.body["state"]),
        (202, &json!("pending")),
        "{}",
        replayed.text
    );
    assert_ne!(replayed.body["job_id"], delivered["job_id"]);
    let told = receiver.receive(2).await;
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert_eq!(told[0].body, told[1].body);
    let again = hook.in_state(&app.client, "delivered").await;
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_failed_since_an_instant_are_sent_again_and_no_others() {
    let script = [Answer::Status(200), Answer::Status(500), Answer::Status(500)];
    let (app, receiver) = (TestApp::start().await, Receiver::start(&script).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    hook.in_state(&app.client, "delivered").await;
    let (first, second) = (failed(&app, &hook).await, failed(&app, &hook).await);
    let replay = async |body| app.client.post(&hook.path("/deliveries/replay"), body).await;
    replay(json!({})).await.expect_problem(422, "invalid");
    let none = replay(json!({"since": "2999-01-01T00:00:00Z"})).await;
    assert_eq!(none.body, json!({"replayed": [], "more": false}), "{}", none.text);
    let one = replay(json!({"since": "2020-01-01T00:00:00Z", "limit": 1})).await;
    assert_eq!(one.body, json!({"replayed": [first], "more": true}));
    let other = replay(json!({"since": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(
        other.body,
        json!({"replayed": [second], "more": false}),
        "what is pending or delivered is not sent"
    );
    receiver.receive(5).await;
    for delivery in [&first, &second] {
        let state = async || {
            let all = hook.deliveries(&app.client).await;
            all.into_iter().find(|one| one["id"] == **delivery).unwrap()["state"] == "delivered"
        };
        tests::eventually("delivered", std::time::Duration::from_secs(20), state).await;
    }
    let pages = app
        .client
        .get(&hook.path("/deliveries?limit=2&state=delivered"))
        .await
        .body;
    let rest = hook.path(&format!(
        "/deliveries?limit=2&cursor={}",
        pages["next_cursor"].as_str().unwrap()
    ));
    assert_eq!(app.client.get(&rest).await.body["data"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_deleted_when_its_time_is_over() {
    use diesel_async::SimpleAsyncConnection;
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    hook.in_state(&app.client, "delivered").await;
    let age = |days: i32| format!("UPDATE webhook_deliveries SET created_at = now() - interval '{days} days'");
    for (days, left) in [(29, 1), (31, 0)] {
        app.database.owner().await.batch_execute(&age(days)).await.unwrap();
        store::webhooks::sweep(&app.context.system, 30, 100).await.unwrap();
        assert_eq!(hook.deliveries(&app.client).await.len(), left);
    }
    assert_eq!(app.count("SELECT count(*) FROM webhook_attempts").await, 0);

    // An old event that was sent again is tried to the end of its ladder, and what nobody tries any more goes at last.
    app.client.post(&hook.path("/test"), json!({})).await;
    hook.in_state(&app.client, "delivered").await;
    app.execute("UPDATE webhook_deliveries SET outcome = NULL, ended_at = NULL")
        .await;
    for (days, left) in [(36, 1), (38, 0)] {
        app.database.owner().await.batch_execute(&age(days)).await.unwrap();
        store::webhooks::sweep_unsettled(&app.context.system, 30, None, 100)
            .await
            .unwrap();
        assert_eq!(hook.deliveries(&app.client).await.len(), left, "{days}");
    }
    // More than one transaction deletes is gone after one look all the same.
    let many =
        "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, type, data, job_id, created_at, outcome, ended_at)
        SELECT tenant_id, uuid_v7(), id, 'job.dead', '{}', uuid_v7(), now() - interval '31 days', 'delivered', now()
        FROM webhook_endpoints, generate_series(1, 2500)";
    app.database.owner().await.batch_execute(many).await.unwrap();
    let swept = workers::sweep_deliveries(&app.context.system, 30, &mut UnsettledDeliveries::default()).await;
    assert_eq!(swept.unwrap(), 2500);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_waits_is_kept_however_old_its_event_is() {
    let app = TestApp::start_with(tests::TestOptions {
        pools: Vec::new(),
        ..tests::TestOptions::default()
    })
    .await;
    let receiver = Receiver::start(&[]).await;
    let hook = hook(&app.client, &receiver, &["*"]).await;
    let tried = app.client.post(&hook.path("/test"), json!({})).await;
    assert_eq!(tried.status.as_u16(), 202, "{}", tried.text);
    app.execute("UPDATE webhook_deliveries SET created_at = now() - interval '60 days'")
        .await;
    let (system, mut unsettled) = (&app.context.system, UnsettledDeliveries::default());
    assert_eq!(workers::sweep_deliveries(system, 30, &mut unsettled).await.unwrap(), 0);
    app.execute("UPDATE jobs SET state = 'cancelled', finished_at = now()")
        .await;
    assert_eq!(workers::sweep_deliveries(system, 30, &mut unsettled).await.unwrap(), 1);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_wait_do_not_keep_a_later_one_whose_job_is_gone() {
    let app = TestApp::start_with(tests::TestOptions {
        pools: Vec::new(),
        ..tests::TestOptions::default()
    })
    .await;
    let receiver = Receiver::start(&[]).await;
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    // More than one pass looks at.
    app.execute(
        "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, type, data, job_id, created_at)
         SELECT tenant_id, uuid_v7(), endpoint_id, type, data, job_id, now() - interval '60 days' FROM webhook_deliveries, generate_series(1, 5200)",
    )
    .await;
    app.execute(
        "INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, type, data, job_id, created_at)
         SELECT tenant_id, uuid_v7(), endpoint_id, type, data, uuid_v7(), now() - interval '59 days' FROM webhook_deliveries LIMIT 1",
    )
    .await;
    let (system, mut unsettled) = (&app.context.system, UnsettledDeliveries::default());
    assert_eq!(workers::sweep_deliveries(system, 30, &mut unsettled).await.unwrap(), 0);
    assert_eq!(workers::sweep_deliveries(system, 30, &mut unsettled).await.unwrap(), 1);
    // From the beginning again.
    app.execute("UPDATE jobs SET state = 'cancelled', finished_at = now()")
        .await;
    assert_eq!(
        workers::sweep_deliveries(system, 30, &mut unsettled).await.unwrap(),
        5200
    );
    app.abandon().await;
}
