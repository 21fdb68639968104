use super::support::{all_ended, hourly, make, past_ticks, run, set_back, show};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_cannot_fire_says_why_and_is_disabled_after_a_while() {
    let app = TestApp::start().await;
    let cron = hourly();
    let schedule = make(&app.client, "nightly", &cron, json!({})).await;
    let healthy = make(&app.client, "healthy", &cron, json!({})).await;
    // As after an upgrade that knows the kind no longer.
    run(
        &app,
        &format!("UPDATE schedules SET kind = 'summon' WHERE id = '{schedule}'"),
    )
    .await;
    set_back(&app, past_ticks(&cron, 1)[0]).await;
    eventually("it is refused", Duration::from_secs(10), async || {
        !show(&app.client, &schedule).await["refusal"].is_null()
    })
    .await;
    let refused = show(&app.client, &schedule).await;
    assert!(
        refused["refusal"]["reason"].as_str().unwrap().contains("`summon`"),
        "{refused}"
    );
    assert_eq!(
        refused["enabled"], true,
        "a process of another version may know the kind: {refused}"
    );
    let by_hand = app
        .client
        .post(&format!("/v1/schedules/{schedule}/fire"), Value::Null)
        .await;
    by_hand.expect_problem(409, "conflict");
    eventually("the other fires", Duration::from_secs(10), async || {
        !show(&app.client, &healthy).await["last_fired"].is_null()
    })
    .await;

    run(
        &app,
        "UPDATE schedules SET refused_since = refused_since - interval '11 minutes'",
    )
    .await;
    eventually("it is disabled", Duration::from_secs(10), async || {
        show(&app.client, &schedule).await["enabled"] == false
    })
    .await;
    let disabled = show(&app.client, &schedule).await;
    assert_eq!(
        (&disabled["next_fire_at"], &disabled["firings"]),
        (&Value::Null, &json!([])),
        "{disabled}"
    );
    assert!(
        disabled["refusal"]["reason"].as_str().unwrap().contains("`summon`"),
        "{disabled}"
    );

    let mend = json!({"kind": "diagnostics.noop", "enabled": true});
    let path = format!("/v1/schedules/{schedule}");
    let mended = app
        .client
        .send(app.client.request(reqwest::Method::PATCH, &path).json(&mend))
        .await;
    assert_eq!(mended.status.as_u16(), 200, "{}", mended.text);
    assert!(
        mended.body["refusal"].is_null() && mended.body["next_fire_at"].is_string(),
        "{}",
        mended.text
    );
    all_ended(&app).await;
    app.finish().await;
}
