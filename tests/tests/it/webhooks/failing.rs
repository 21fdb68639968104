use super::hook;
use chrono::{DateTime, Utc};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::{Answer, Receiver, TestApp, TestOptions};

/// In how many seconds the delivery is tried again.
fn next_in(delivery: &Value) -> i64 {
    let at: DateTime<Utc> = delivery["next_attempt_at"]
        .as_str()
        .unwrap_or_else(|| panic!("{delivery}"))
        .parse()
        .unwrap();
    (at - Utc::now()).num_seconds()
}

/// Runs the delivery's job at once, as a person may.
async fn run_now(app: &TestApp, delivery: &Value) {
    let path = format!("/v1/jobs/{}/run", delivery["job_id"].as_str().unwrap());
    let answered = app.client.post(&path, json!({})).await;
    assert!(answered.status.is_success(), "{}", answered.text);
}

async fn sql(app: &TestApp, statement: &str) {
    app.database.owner().await.batch_execute(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_climbs_the_ladder_with_one_id_and_fresh_timestamps() {
    let script = [Answer::Status(500), Answer::With(503, "retry-after", "1000".to_owned())];
    let (app, receiver) = (TestApp::start().await, Receiver::start(&script).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let first = hook.attempted(&app.client, 1).await;
    assert_eq!(
        (&first["state"], &first["attempts"][0]["status"]),
        (&json!("pending"), &json!(500)),
        "{first}"
    );
    assert_eq!(first["attempts"][0]["error"]["code"], "status");
    assert!((0..=6).contains(&next_in(&first)), "{first}");
    assert!(hook.show(&app.client).await["failing_since"].is_string());

    // The first step is short enough to be waited for; on the second, the receiver asks for more than the ladder has.
    let second = hook.attempted(&app.client, 2).await;
    assert!((900..=1000).contains(&next_in(&second)), "{second}");
    run_now(&app, &second).await;
    let third = hook.in_state(&app.client, "delivered").await;
    assert_eq!(third["attempts"].as_array().unwrap().len(), 3);

    let told = receiver.received();
    let seconds: Vec<i64> = told
        .iter()
        .map(|one| one.header("webhook-timestamp").parse().unwrap())
        .collect();
    assert!(seconds[1] >= seconds[0] + 4, "each attempt has its own: {seconds:?}");
    for one in &told {
        assert_eq!(one.header("webhook-id"), third["id"].as_str().unwrap());
        assert!(one.is_signed_by(&hook.secret), "{one:?}");
        assert_eq!(one.body, told[0].body);
    }
    assert_eq!(
        hook.show(&app.client).await["failing_since"],
        Value::Null,
        "it works again"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_step_it_has_failed_and_is_no_dead_letter() {
    let (app, receiver) = (
        TestApp::start().await,
        Receiver::start(&[Answer::Status(404), Answer::Status(404)]).await,
    );
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let first = hook.attempted(&app.client, 1).await;
    sql(&app, "UPDATE jobs SET attempt = 9 WHERE kind = 'deliver_webhook'").await;
    run_now(&app, &first).await;
    let failed = hook.in_state(&app.client, "failed").await;
    assert_eq!(failed["attempts"].as_array().unwrap().len(), 2);
    let job = app.client.ended(failed["job_id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["result"]),
        (&json!("succeeded"), &json!({"outcome": "failed"}))
    );
    assert_eq!(app.client.get("/v1/dead-letters").await.body["data"], json!([]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_answers_410_is_told_nothing_more_until_it_is_enabled_again() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[Answer::Status(410)]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let failed = hook.in_state(&app.client, "failed").await;
    assert_eq!(failed["attempts"].as_array().unwrap().len(), 1, "{failed}");
    let shown = hook.show(&app.client).await;
    assert_eq!(
        (&shown["enabled"], &shown["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    assert!(shown["disabled_at"].is_string());
    super::run_job(&app, "diagnostics.noop", json!({})).await;
    assert_eq!(hook.deliveries(&app.client).await.len(), 1, "nothing is written for it");

    let enable = app
        .client
        .request(reqwest::Method::PATCH, &hook.path(""))
        .json(&json!({"enabled": true}));
    let shown = app.client.send(enable).await.body;
    assert_eq!([&shown["disabled_reason"], &shown["failing_since"]], [&Value::Null; 2]);
    super::run_job(&app, "diagnostics.noop", json!({})).await;
    receiver.receive(2).await;
    hook.in_state(&app.client, "delivered").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_other_webhooks_are_told_of_one_that_was_disabled() {
    let app = TestApp::start().await;
    let (gone, other) = (
        Receiver::start(&[Answer::Status(410)]).await,
        Receiver::start(&[]).await,
    );
    let anybodys = Receiver::start(&[]).await;
    hook(&app.client_b, &anybodys, &["*"]).await;
    let told = hook(&app.client, &other, &["webhook.disabled"]).await;
    let of_jobs = hook(&app.client, &other, &["job.*"]).await;
    let of_kinds = json!({"url": other.url, "events": ["*"], "kinds": ["ingest_document"]});
    app.client.post("/v1/webhooks", of_kinds).await;
    let disabled = hook(&app.client, &gone, &["*"]).await;
    app.client.post(&disabled.path("/test"), json!({})).await;
    disabled.in_state(&app.client, "failed").await;

    let delivery = told.in_state(&app.client, "delivered").await;
    assert_eq!(delivery["type"], "webhook.disabled", "{delivery}");
    let received = other.received();
    assert_eq!(received.len(), 1, "and nobody else");
    let event: Value = serde_json::from_str(&received[0].body).unwrap();
    let shown = disabled.show(&app.client).await;
    assert_eq!(
        (
            &event["type"],
            &event["data"]["id"],
            &event["data"]["reason"],
            &event["data"]["failing_since"]
        ),
        (
            &json!("webhook.disabled"),
            &json!(disabled.id),
            &json!("gone"),
            &shown["failing_since"]
        ),
        "{event}"
    );
    assert_eq!(of_jobs.deliveries(&app.client).await.len(), 0);
    assert_eq!(anybodys.received().len(), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_has_only_failed_for_days_is_disabled_and_what_waits_for_it_ends() {
    let script = [
        Answer::Status(500),
        Answer::Status(500),
        Answer::Status(500),
        Answer::Status(500),
    ];
    let (app, receiver) = (TestApp::start().await, Receiver::start(&script).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let waiting = hook.attempted(&app.client, 1).await;
    sql(
        &app,
        "UPDATE jobs SET run_at = now() + interval '1 hour' WHERE kind = 'deliver_webhook'",
    )
    .await;
    sql(
        &app,
        "UPDATE webhook_endpoints SET failing_since = now() - interval '4 days 23 hours'",
    )
    .await;
    app.client.post(&hook.path("/test"), json!({})).await;
    hook.attempted(&app.client, 1).await;
    assert_eq!(hook.show(&app.client).await["enabled"], true, "five days are not over");

    sql(
        &app,
        "UPDATE webhook_endpoints SET failing_since = now() - interval '5 days 1 hour'",
    )
    .await;
    let newest = hook.deliveries(&app.client).await.remove(0);
    run_now(&app, &newest).await;
    hook.attempted(&app.client, 2).await;
    assert_eq!(
        hook.show(&app.client).await["enabled"],
        true,
        "it failed within the last hour only: nothing is known of the days before"
    );
    sql(
        &app,
        "UPDATE webhook_attempts SET attempted_at = now() - interval '2 hours'",
    )
    .await;
    run_now(&app, &newest).await;
    hook.attempted(&app.client, 3).await;
    let shown = hook.show(&app.client).await;
    assert_eq!(
        (&shown["enabled"], &shown["disabled_reason"]),
        (&json!(false), &json!("failing"))
    );

    run_now(&app, &waiting).await;
    app.client.ended(waiting["job_id"].as_str().unwrap()).await;
    let ended = hook.deliveries(&app.client).await.pop().unwrap();
    assert_eq!(
        (&ended["state"], &ended["attempts"][1]["error"]["code"]),
        (&json!("failed"), &json!("webhook_disabled"))
    );
    assert_eq!(receiver.received().len(), 4, "the last attempt sent nothing");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_not_read_and_a_silent_receiver_is_given_up() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("webhooks.timeout_secs", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let receiver = Receiver::start(&[Answer::Body(200, 30_000_000), Answer::Silence]).await;
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let delivered = hook.in_state(&app.client, "delivered").await;
    assert_eq!(
        delivered["attempts"][0]["response_excerpt"].as_str().unwrap().len(),
        300
    );
    app.client.post(&hook.path("/test"), json!({})).await;
    receiver.receive(2).await;
    let silent = hook.attempted(&app.client, 1).await;
    assert_eq!(
        (
            &silent["attempts"][0]["error"]["code"],
            &silent["attempts"][0]["status"]
        ),
        (&json!("timeout"), &Value::Null)
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_not_blamed_for_the_one_before() {
    let script = [Answer::Status(500), Answer::Status(500)];
    let (app, receiver) = (TestApp::start().await, Receiver::start(&script).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    hook.attempted(&app.client, 1).await;
    sql(
        &app,
        "UPDATE webhook_endpoints SET failing_since = now() - interval '6 days';
         UPDATE webhook_attempts SET attempted_at = now() - interval '3 hours'",
    )
    .await;
    let patch = async |body: Value| {
        let request = app.client.request(reqwest::Method::PATCH, &hook.path(""));
        app.client.send(request.json(&body)).await
    };
    let same = patch(json!({"url": receiver.url, "description": "as it was"})).await;
    assert!(same.body["failing_since"].is_string(), "{}", same.text);
    let changed = patch(json!({"url": format!("{}moved", receiver.url)})).await;
    assert_eq!(changed.body["failing_since"], Value::Null, "{}", changed.text);
    app.client.post(&hook.path("/test"), json!({})).await;
    let failed = hook.attempted(&app.client, 1).await;
    assert_eq!(failed["attempts"][0]["status"], 500, "{failed}");
    assert_eq!(hook.show(&app.client).await["enabled"], true);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_address_answers_says_nothing_of_the_present_one() {
    use store::webhooks::{Health, disable_failing};
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    let id = store::WebhookId(hook.id.parse().unwrap());
    let url = hook.show(&app.client).await["url"].as_str().unwrap().to_owned();
    for (sent_to, disables) in [("https://example.com/before", false), (url.as_str(), true)] {
        let sent_to = sent_to.to_owned();
        let disabled: Result<bool, store::StoreError> = app
            .context
            .store
            .tenant(app.tenant, async move |tx| {
                disable_failing(tx, id, &sent_to, Health::Gone, 5).await
            })
            .await;
        assert_eq!(disabled.unwrap(), disables);
        let shown = hook.show(&app.client).await;
        assert_eq!(
            (&shown["enabled"], shown["failing_since"].is_string()),
            (&json!(!disables), disables),
            "{shown}"
        );
    }
    app.finish().await;
}
