use super::{examine, named_and_mended, run, submit, without_workers};
use serde_json::json;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_expired_unnoticed_is_named_and_its_job_queued_again() {
    let app = without_workers().await;
    let id = submit(&app).await;
    run(
        &app,
        "UPDATE jobs SET state = 'running', attempt = 1, worker = 'gone', lease_token = gen_random_uuid(), started_at = now(),
                attempt_started_at = now(), lease_until = now() - interval '1 minute'",
    )
    .await;
    named_and_mended(&app, "expired_leases", "problem", &id);
    let job = app.client.get(&format!("/v1/jobs/{id}")).await.body;
    assert_eq!(
        (&job["state"], &job["attempts"][0]["outcome"]),
        (&"queued".into(), &"lost".into()),
        "{job}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_redis_was_not_offered_is_named_and_offered() {
    let mut app = without_workers().await;
    let id = submit(&app).await;
    run(
        &app,
        "UPDATE jobs SET state = 'scheduled', run_at = now() - interval '1 minute'",
    )
    .await;
    named_and_mended(&app, "undispatched", "problem", &id);
    let found = examine(&app, &[]);
    assert_eq!(found.health("workers"), "problem", "a job waits and nobody lives");
    assert_eq!(found.code, Some(1));
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&id).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_batch_that_has_not_ended_is_as_it_should_be() {
    let app = without_workers().await;
    let batch = json!({"open": true, "on_complete": {"kind": "diagnostics.noop"}});
    app.client.post("/v1/batches", batch).await;
    run(&app, "UPDATE jobs SET run_at = now() - interval '1 minute'").await;
    assert_eq!(examine(&app, &[]).health("undispatched"), "ok");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sweeps_is_named_and_swept() {
    let app = without_workers().await;
    let id = submit(&app).await;
    run(
        &app,
        &format!(
            "UPDATE jobs SET state = 'succeeded', finished_at = now() - interval '1 day';
             INSERT INTO job_locks SELECT tenant_id, 'dead-lock', id FROM jobs WHERE id = '{id}';
             INSERT INTO idempotency_keys (tenant_id, route, key, request_hash, resource_id, expires_at)
             SELECT tenant_id, 'POST /v1/jobs', 'overdue-key', '', id, now() - interval '1 day' FROM jobs"
        ),
    )
    .await;
    let found = examine(&app, &[]);
    assert_eq!(found.health("idempotency_keys"), "warning");
    assert!(
        found.check("idempotency_keys")["examples"][0]
            .as_str()
            .unwrap()
            .contains("overdue-key")
    );
    named_and_mended(&app, "job_locks", "warning", "dead-lock");
    assert_eq!(
        examine(&app, &[]).health("idempotency_keys"),
        "ok",
        "one sweep sweeps both"
    );
    run(&app, "UPDATE jobs SET interactive = true").await;
    named_and_mended(&app, "interactive_jobs", "warning", &id);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_lost_two_workers_is_a_suspect_and_one_that_lost_one_is_not() {
    let app = without_workers().await;
    let id = submit(&app).await;
    let lose =
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, worker = 'gone', lease_token = gen_random_uuid(),
                       attempt_started_at = now(), lease_until = now() - interval '1 minute'";
    for (lost, health) in [(1, "ok"), (2, "warning")] {
        run(&app, lose).await;
        let expired = store::jobs::expire_leases(&app.context.system, 10, std::time::Duration::ZERO)
            .await
            .unwrap();
        assert_eq!((expired.len(), expired[0].lost), (1, lost));
        let found = examine(&app, &[]);
        assert_eq!(found.health("suspects"), health, "{:#}", found.check("suspects"));
    }
    let named = examine(&app, &[]).check("suspects")["examples"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(named.starts_with(&id) && named.ends_with("2 workers"), "{named}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_due_and_does_not_fire_is_named_and_fired() {
    let app = without_workers().await;
    let schedule = hourly(&app, "hourly").await;
    assert_eq!(examine(&app, &[]).health("schedules"), "ok", "it is not due");
    run(&app, OVERDUE).await;
    named_and_mended(&app, "schedules", "problem", &schedule);
    let jobs = app.client.get(&format!("/v1/jobs?schedule_id={schedule}")).await.body;
    let made = jobs["data"].as_array().unwrap();
    assert_eq!((made.len(), &made[0]["state"]), (1, &json!("queued")), "{jobs}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_cannot_fire_is_left_with_the_reason_and_keeps_no_other_waiting() {
    let app = without_workers().await;
    let (refused, sound) = (hourly(&app, "refused").await, hourly(&app, "sound").await);
    run(&app, OVERDUE).await;
    // As after an upgrade that knows the kind no longer; it is the first to be fired, and has had its time.
    run(
        &app,
        &format!(
            "UPDATE schedules SET kind = 'summon', due_at = due_at - interval '1 minute', refusal = 'no such kind', refused_since = now() - interval '1 hour' WHERE id = '{refused}'"
        ),
    )
    .await;
    let mended = examine(&app, &["--repair"]);
    let verdict = mended.check("schedules");
    let text = |name: &str| verdict[name].as_str().unwrap();
    assert_eq!(verdict["health"], "problem", "{verdict:#}");
    assert!(text("found").contains("1 could not be repaired"), "{verdict:#}");
    assert!(
        text("advice").contains(&refused) && text("advice").contains("`summon`"),
        "{verdict:#}"
    );
    let jobs = app.client.get("/v1/jobs").await.body;
    let of: Vec<_> = jobs["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["schedule_id"])
        .collect();
    assert_eq!(of, [&json!(sound)], "{jobs}");
    app.abandon().await;
}

/// The tick that was last before now has not been decided about.
const OVERDUE: &str =
    "UPDATE schedules SET next_tick = next_tick - interval '1 hour', due_at = now() - interval '1 minute'";

async fn hourly(app: &TestApp, name: &str) -> String {
    let body = json!({"name": name, "cron": "@hourly", "time_zone": "UTC", "kind": "diagnostics.noop"});
    let made = app.client.post("/v1/schedules", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_an_old_week_is_named_by_tenant_and_state() {
    let app = without_workers().await;
    let id = submit(&app).await;
    assert_eq!(examine(&app, &[]).health("kept_weeks"), "ok");
    run(
        &app,
        &format!(
            "UPDATE jobs SET state = 'scheduled', run_at = '2999-01-01', id = uuid_of_instant(now() - interval '900 days') WHERE id = '{id}'"
        ),
    )
    .await;
    let found = examine(&app, &[]);
    assert_eq!(found.health("kept_weeks"), "warning");
    let named = found.check("kept_weeks")["examples"][0].as_str().unwrap().to_owned();
    assert!(
        named.contains(&app.tenant.to_string()) && named.ends_with("scheduled: 1"),
        "{named}"
    );
    app.abandon().await;
}
