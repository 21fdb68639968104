use super::deployment::Deployment;
use super::rows::Rows;
use chrono::{Timelike, Utc};
use serde_json::json;
use std::time::Duration;

const SCHEDULES: i64 = 40;
const TICKS: i64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_neither_lose_a_tick_nor_fire_one_twice() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    // Ticks half an hour away from now, so that none comes meanwhile.
    let cron = format!("{} * * * *", (Utc::now().minute() + 30) % 60);
    for number in 0..SCHEDULES {
        let body = json!({"name": format!("schedule {number}"), "cron": cron, "kind": "diagnostics.noop", "catch_up": "all", "overlap": "allow"});
        let made = system.client.post("/v1/schedules", body).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    }
    let back = format!(
        "UPDATE schedules SET next_tick = next_tick - interval '{TICKS} hours', due_at = next_tick - interval '{TICKS} hours'"
    );
    rows.execute(&back).await;
    let fired = "SELECT count(*) FROM schedule_firings";
    let left = "SELECT count(*) FROM schedules WHERE due_at <= now()";
    let mut killed_at_work = 0;
    for round in 1..=3 {
        let before = rows.number(fired).await;
        let (mut process, _) = system.spawn(&["worker", "--pools", "general"], &[]);
        rows.until(fired, before + round, Duration::from_secs(30)).await;
        process.signal("KILL");
        assert!(!process.wait(), "a killed process does not end cleanly");
        killed_at_work += i64::from(rows.number(left).await > 0);
    }
    assert!(killed_at_work > 0, "all was over before a process was killed");
    let _survivor = system.worker(&[]).await;
    rows.until_succeeded(SCHEDULES * TICKS, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(SCHEDULES * TICKS).await;
    let ticks = "SELECT count(*) FROM (SELECT DISTINCT schedule_id, schedule_tick FROM jobs) AS one";
    assert_eq!(rows.number(ticks).await, SCHEDULES * TICKS, "each tick has one job");
    assert_eq!(rows.number(fired).await, SCHEDULES * TICKS);
    assert_eq!(rows.number(left).await, 0);
}
