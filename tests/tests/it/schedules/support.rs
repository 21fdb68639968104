use chrono::{DateTime, TimeDelta, Timelike, Utc};
use diesel_async::SimpleAsyncConnection;
use jobs::schedules::Timetable;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, TestApp, TestOptions, eventually};

/// Nobody fires anything until the test starts workers.
pub(super) async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

/// An hourly schedule whose ticks are half an hour from now: none comes while a test runs, and none of the past is in time.
pub(super) fn hourly() -> String {
    format!("{} * * * *", (Utc::now().minute() + 30) % 60)
}

/// Makes a schedule of `diagnostics.noop` jobs with these fields besides, and returns its id.
pub(super) async fn make(client: &Client, name: &str, cron: &str, more: Value) -> String {
    let mut body = json!({"name": name, "cron": cron, "kind": "diagnostics.noop"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = client.post("/v1/schedules", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

pub(super) async fn show(client: &Client, schedule: &str) -> Value {
    let shown = client.get(&format!("/v1/schedules/{schedule}")).await;
    assert_eq!(shown.status.as_u16(), 200, "{}", shown.text);
    shown.body
}

/// The last `count` ticks of an hourly schedule, oldest first.
pub(super) fn past_ticks(cron: &str, count: i64) -> Vec<DateTime<Utc>> {
    let timetable = Timetable::new(cron, "UTC").unwrap();
    let now = Utc::now();
    let ticks = timetable.ticks_after(now - TimeDelta::hours(count), usize::try_from(count).unwrap());
    let ticks = ticks.unwrap();
    assert!(ticks.iter().all(|tick| *tick < now), "{ticks:?}");
    ticks
}

/// As if nobody had looked at the schedules since before `tick`.
pub(super) async fn set_back(app: &TestApp, tick: DateTime<Utc>) {
    run(
        app,
        &format!(
            "UPDATE schedules SET next_tick = '{0}', due_at = '{0}' WHERE enabled",
            tick.to_rfc3339()
        ),
    )
    .await;
}

pub(super) async fn run(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

/// Until no schedule is due any more.
pub(super) async fn all_decided(app: &TestApp) {
    eventually("nothing is due", Duration::from_secs(60), async || {
        app.count("SELECT count(*) FROM schedules WHERE due_at <= now()").await == 0
    })
    .await;
}

/// Until all jobs have ended.
pub(super) async fn all_ended(app: &TestApp) {
    let left = "SELECT count(*) FROM jobs WHERE state NOT IN ('succeeded', 'dead', 'cancelled')";
    eventually("all jobs have ended", Duration::from_secs(60), async || {
        app.count(left).await == 0
    })
    .await;
}

/// `outcome tick` of what is shown, newest first.
pub(super) fn outcomes(shown: &Value) -> Vec<(String, DateTime<Utc>)> {
    let firings = shown["firings"].as_array().unwrap().iter();
    firings
        .map(|firing| {
            let text = |field: &str| firing[field].as_str().unwrap().to_owned();
            (text("outcome"), text("tick").parse().unwrap())
        })
        .collect()
}
