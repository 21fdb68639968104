use super::support::{all_decided, all_ended, hourly, make, outcomes, past_ticks, set_back, show, without_workers};
use jobs::Pool;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn after_downtime_each_schedule_catches_up_as_it_says() {
    let mut app = without_workers().await;
    let cron = hourly();
    let mut made = Vec::new();
    for catch_up in ["none", "last", "all"] {
        made.push(
            make(
                &app.client,
                catch_up,
                &cron,
                json!({"catch_up": catch_up, "overlap": "allow"}),
            )
            .await,
        );
    }
    let ticks = past_ticks(&cron, 4);
    set_back(&app, ticks[0]).await;
    app.start_workers(Pool::ALL.to_vec());
    all_decided(&app).await;
    all_ended(&app).await;
    let entry = |outcome: &str, at: usize| (outcome.to_owned(), ticks[at]);
    for (schedule, expected) in made.iter().zip([
        vec![entry("missed", 0)],
        vec![entry("caught_up", 3), entry("missed", 0)],
        vec![
            entry("caught_up", 3),
            entry("caught_up", 2),
            entry("caught_up", 1),
            entry("caught_up", 0),
        ],
    ]) {
        let shown = show(&app.client, schedule).await;
        assert_eq!(outcomes(&shown), expected, "{shown}");
        let fires_again: chrono::DateTime<chrono::Utc> = shown["next_fire_at"].as_str().unwrap().parse().unwrap();
        assert!(fires_again > chrono::Utc::now(), "{shown}");
    }
    let missed = show(&app.client, &made[0]).await["firings"][0]["last_tick"].clone();
    assert_eq!(
        missed
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap(),
        ticks[3]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn catching_up_with_all_ends_at_a_hundred_and_so_does_the_ledger() {
    let mut app = without_workers().await;
    let cron = hourly();
    let schedule = make(
        &app.client,
        "nightly",
        &cron,
        json!({"catch_up": "all", "overlap": "allow"}),
    )
    .await;
    let ticks = past_ticks(&cron, 240);
    set_back(&app, ticks[0]).await;
    app.start_workers(Pool::ALL.to_vec());
    all_decided(&app).await;
    all_ended(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 100);
    let first = "SELECT extract(epoch FROM min(schedule_tick))::bigint AS count FROM jobs";
    assert_eq!(app.count(first).await, ticks[140].timestamp(), "the latest hundred");
    assert_eq!(app.count("SELECT count(*) FROM schedule_firings").await, 100);
    assert_eq!(outcomes(&show(&app.client, &schedule).await).len(), 10);
    app.finish().await;
}
