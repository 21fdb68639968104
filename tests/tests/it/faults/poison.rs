use super::deployment::Deployment;
use super::enqueue::{claim_by_hand, enqueue_one};
use super::leases::{expire_one, expire_one_after};
use super::rows::Rows;
use jobs::EnqueueOptions;
use jobs::kinds::diagnostics::{Abort, Noop};
use serde_json::json;
use std::time::Duration;
use store::jobs::JobState;
use tests::{TestApp, TestOptions};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_loses_every_worker_is_dead_after_exactly_its_attempts() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let options = EnqueueOptions {
        max_attempts: Some(3),
        ..EnqueueOptions::default()
    };
    let job = enqueue_one(&app, &Noop {}, &options).await;
    for attempt in 1..=3 {
        assert_eq!(
            claim_by_hand(&app, job.id, 1).await.attempt,
            attempt,
            "an attempt counts from its start"
        );
        let state = expire_one(&app).await.state;
        assert_eq!(
            state,
            if attempt < 3 { JobState::Queued } else { JobState::Dead },
            "after attempt {attempt}"
        );
    }
    let shown = app.client.get(&format!("/v1/jobs/{}", job.id)).await.body;
    assert_eq!(
        (&shown["state"], &shown["attempt"], &shown["error"]["code"]),
        (&json!("dead"), &json!(3), &json!("worker_lost")),
        "{shown}"
    );
    let outcomes: Vec<_> = shown["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["outcome"])
        .collect();
    assert_eq!(outcomes, ["lost", "lost", "lost"]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_the_database_down_is_given_three_attempts_back_and_no_more() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let options = EnqueueOptions {
        max_attempts: Some(2),
        ..EnqueueOptions::default()
    };
    let job = enqueue_one(&app, &Noop {}, &options).await;
    let away = Duration::from_secs(60);
    let expire = async |attempt: i16| {
        assert_eq!(claim_by_hand(&app, job.id, 1).await.attempt, attempt);
        let expired = expire_one_after(&app, away).await;
        (expired.state, expired.excused, expired.lost)
    };
    claim_by_hand(&app, job.id, 60_000).await;
    app.execute("UPDATE jobs SET lease_until = now() - interval '1 hour'")
        .await;
    let expired = expire_one_after(&app, away).await;
    assert_eq!(
        (expired.state, expired.excused, expired.lost),
        (JobState::Queued, false, 1),
        "its lease had ended when the database was still there"
    );
    for _ in 0..3 {
        assert_eq!(expire(2).await, (JobState::Queued, true, 1));
    }
    assert_eq!(expire(2).await, (JobState::Dead, false, 2));
    let shown = app.client.get(&format!("/v1/jobs/{}", job.id)).await.body;
    let attempts = shown["attempts"].as_array().unwrap().iter();
    let attempts: Vec<String> = attempts
        .map(|attempt| {
            format!(
                "{} {} {}",
                attempt["attempt"], attempt["outcome"], attempt["error"]["code"]
            )
            .replace('"', "")
        })
        .collect();
    let given_back = "2 handed_back database_away";
    assert_eq!(
        attempts,
        [
            "1 lost worker_lost",
            given_back,
            given_back,
            given_back,
            "2 lost worker_lost"
        ],
        "{shown}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_process_is_dead_after_its_attempts_and_the_others_end() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    system
        .insert(
            &Abort {},
            &EnqueueOptions {
                max_attempts: Some(2),
                priority: Some(0),
                ..EnqueueOptions::default()
            },
        )
        .await;
    system.submit("diagnostics.sleep", json!({"ms": 300}), 20).await;
    for _ in 0..2 {
        // It may be gone before it could say that it is ready.
        let (mut worker, _) = system.spawn(&["worker", "--pools", "general"], &[]);
        assert!(!worker.wait(), "the poison job kills its worker");
    }
    let _survivor = system.worker(&[]).await;
    rows.until_succeeded(20, Duration::from_secs(30)).await;
    rows.until(
        "SELECT count(*) FROM jobs WHERE state = 'dead'",
        1,
        Duration::from_secs(30),
    )
    .await;
    let of_poison = "FROM job_attempts a JOIN jobs j ON j.id = a.job_id WHERE j.kind = 'diagnostics.abort'";
    assert_eq!(rows.number(&format!("SELECT count(*) {of_poison}")).await, 2);
    assert_eq!(
        rows.texts("SELECT error ->> 'code' FROM job_bodies WHERE error IS NOT NULL AND result IS NULL")
            .await,
        ["worker_lost"]
    );
}
