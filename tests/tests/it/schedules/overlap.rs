use super::support::{all_decided, hourly, make, outcomes, past_ticks, run, set_back, show};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_skipped_or_not_while_an_earlier_job_runs() {
    let app = TestApp::start().await;
    let cron = hourly();
    let tick = past_ticks(&cron, 1)[0];
    for overlap in ["skip", "allow"] {
        let long = json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}, "overlap": overlap});
        let schedule = make(&app.client, overlap, &cron, long).await;
        let fired = app
            .client
            .post(&format!("/v1/schedules/{schedule}/fire"), Value::Null)
            .await;
        assert_eq!(fired.status.as_u16(), 202, "{}", fired.text);
        let first = fired.body["id"].as_str().unwrap();
        set_back(&app, tick).await;
        all_decided(&app).await;
        let shown = show(&app.client, &schedule).await;
        let expected = if overlap == "skip" {
            "skipped_overlap"
        } else {
            "caught_up"
        };
        let firings = outcomes(&shown);
        assert_eq!(firings[0].0, "manual", "{shown}");
        assert_eq!(firings[1], (expected.to_owned(), tick), "{shown}");
        if overlap == "skip" {
            assert_eq!(shown["firings"][1]["blocked_by"], json!(first), "{shown}");
            assert_eq!(shown["last_fired"]["job_id"], json!(first), "{shown}");
        }

        // Once that job has ended, nothing is skipped.
        app.client.post(&format!("/v1/jobs/{first}/cancel"), Value::Null).await;
        assert_eq!(app.client.ended(first).await["state"], "cancelled");
        if overlap == "skip" {
            run(&app, "DELETE FROM schedule_firings").await;
            set_back(&app, tick).await;
            all_decided(&app).await;
            let again = show(&app.client, &schedule).await;
            assert_eq!(outcomes(&again), [("caught_up".to_owned(), tick)], "{again}");
        }
        app.client.delete(&format!("/v1/schedules/{schedule}")).await;
    }
    assert_eq!(
        app.count("SELECT count(*) FROM jobs WHERE schedule_id IS NOT NULL")
            .await,
        4,
        "jobs outlive their schedule"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_job_is_shown_however_many_ticks_were_skipped_for_it() {
    let app = TestApp::start().await;
    let cron = hourly();
    let long = json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}, "overlap": "skip"});
    let schedule = make(&app.client, "long", &cron, long).await;
    let tick = past_ticks(&cron, 1)[0];
    set_back(&app, tick).await;
    all_decided(&app).await;
    let first = show(&app.client, &schedule).await["last_fired"]["job_id"].clone();
    assert!(first.is_string());
    let skipped = format!(
        "INSERT INTO schedule_firings (tenant_id, schedule_id, tick, outcome, blocked_by)
         SELECT tenant_id, schedule_id, now() - number * interval '1 second', 'skipped_overlap', {first}
         FROM schedule_firings, generate_series(1, 150) AS number"
    );
    run(&app, &skipped.replace('"', "'")).await;
    set_back(&app, past_ticks(&cron, 1)[0] + chrono::TimeDelta::minutes(1)).await;
    all_decided(&app).await;
    let shown = show(&app.client, &schedule).await;
    assert_eq!(shown["last_fired"]["job_id"], first, "{shown}");
    let kept = app.count("SELECT count(*) FROM schedule_firings").await;
    assert!(kept <= 101, "{kept}");
    app.abandon().await;
}
