use super::support::{all_decided, all_ended, hourly, make, past_ticks, run, set_back, show, without_workers};
use jobs::Pool;
use serde_json::json;
use std::time::Duration;
use tests::eventually;
use workers::{WorkerOptions, Workers};

#[tokio::test(flavor = "multi_thread")]
async fn each_tick_makes_one_job_however_many_processes_look() {
    let app = without_workers().await;
    let cron = hourly();
    for number in 0..12 {
        let client = if number % 2 == 0 { &app.client } else { &app.client_b };
        make(
            client,
            &format!("schedule {number}"),
            &cron,
            json!({"catch_up": "all", "overlap": "allow"}),
        )
        .await;
    }
    set_back(&app, past_ticks(&cron, 20)[0]).await;
    let mut processes: Vec<Workers> = Vec::new();
    for _ in 0..4 {
        let context = app.beside_proxies().await;
        let options = WorkerOptions::new(&context.settings, vec![Pool::General]);
        processes.push(workers::start(&context, &app.registry, options));
    }
    all_decided(&app).await;
    all_ended(&app).await;
    for (what, sql) in [
        ("jobs", "SELECT count(*) FROM jobs"),
        (
            "ticks with a job",
            "SELECT count(*) FROM (SELECT DISTINCT tenant_id, schedule_id, schedule_tick FROM jobs) AS one",
        ),
        (
            "firings whose job is theirs",
            "SELECT count(*) FROM schedule_firings f JOIN jobs j ON j.tenant_id = f.tenant_id AND j.id = f.job_id
                AND j.schedule_id = f.schedule_id AND j.schedule_tick = f.tick",
        ),
        ("firings", "SELECT count(*) FROM schedule_firings"),
        (
            "attempts",
            "SELECT count(*) FROM job_attempts WHERE outcome = 'succeeded'",
        ),
    ] {
        assert_eq!(app.count(sql).await, 12 * 20, "{what}");
    }
    for process in processes {
        process.shut_down().await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_was_decided_about_makes_no_job_when_the_clock_is_set_back() {
    let mut app = without_workers().await;
    let cron = hourly();
    let schedule = make(&app.client, "nightly", &cron, json!({})).await;
    let tick = past_ticks(&cron, 1)[0];
    set_back(&app, tick).await;
    run(
        &app,
        &format!(
            "INSERT INTO schedule_firings (tenant_id, schedule_id, tick, outcome, last_tick) VALUES ('{}', '{schedule}', '{1}', 'missed', '{1}')",
            app.tenant,
            tick.to_rfc3339()
        ),
    )
    .await;
    app.start_workers(Pool::ALL.to_vec());
    all_decided(&app).await;
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM schedule_firings").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_fires_when_its_time_comes() {
    let mut app = without_workers().await;
    // The tick of this minute. Should the minute end before it is decided about, it is caught up, and the newest is in time.
    let both = json!({"catch_up": "all", "overlap": "allow"});
    let schedule = make(&app.client, "minutely", "* * * * *", both).await;
    run(
        &app,
        "UPDATE schedules SET next_tick = date_trunc('minute', now()), due_at = now() + interval '1 second'",
    )
    .await;
    let due = "SELECT floor(extract(epoch FROM due_at))::bigint AS count FROM schedules";
    let due = app.count(due).await;
    app.start_workers(Pool::ALL.to_vec());
    eventually("it has fired", Duration::from_secs(20), async || {
        !show(&app.client, &schedule).await["last_fired"].is_null()
    })
    .await;
    let shown = show(&app.client, &schedule).await;
    let firing = shown["firings"].as_array().unwrap().first().unwrap();
    assert_eq!(firing["outcome"], "fired", "{shown}");
    let job = app.client.ended(firing["job_id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["schedule_id"], &job["schedule_tick"]),
        (&json!(schedule), &firing["tick"]),
        "{job}"
    );
    let created: chrono::DateTime<chrono::Utc> = job["created_at"].as_str().unwrap().parse().unwrap();
    assert!(created.timestamp() >= due, "not before it is due");
    app.client.delete(&format!("/v1/schedules/{schedule}")).await;
    all_ended(&app).await;
    app.finish().await;
}
