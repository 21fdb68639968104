//! A job with a call whose outcome nobody knows is put before a person, however it ends.
use super::enqueue::{claim_by_hand, enqueue_one};
use super::leases::expire_one;
use super::order::Order;
use jobs::EnqueueOptions;
use serde_json::{Value, json};
use std::time::Duration;
use store::jobs::{Finish, Held, JobState, Outcome, finish};
use store::{JobId, StoreError, effects};
use tests::Behaviour::{Act, ActAndAnswer, ActAndFallSilent};
use tests::{FakeVendor, TestApp, TestOptions};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

async fn submit(app: &TestApp, path: &str, body: Value) -> JobId {
    let submitted = app.client.post(path, body).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    JobId(submitted.body["id"].as_str().unwrap().parse().unwrap())
}

async fn noop(app: &TestApp) -> JobId {
    submit(app, "/v1/jobs", json!({"kind": "diagnostics.noop"})).await
}

async fn shown(app: &TestApp, job: JobId) -> Value {
    app.client.get(&format!("/v1/jobs/{job}")).await.body
}

/// Its worker is lost during a call, and the job waits for another.
async fn lose_during_a_call(app: &TestApp, job: JobId) {
    let claimed = claim_by_hand(app, job, 200).await;
    let held = Held {
        id: job,
        lease_token: claimed.lease_token,
    };
    let intended: Result<effects::Intent, StoreError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| {
            effects::intend(tx, held, "call", &[1; 32]).await
        })
        .await;
    assert_eq!(intended.unwrap(), effects::Intent::Call);
    assert_eq!(expire_one(app).await.state, JobState::Queued);
}

async fn lost_during_a_call(app: &TestApp) -> JobId {
    let job = noop(app).await;
    lose_during_a_call(app, job).await;
    job
}

/// It is dead, and runs again once somebody has decided.
async fn is_put_before_a_person(app: &TestApp, job: JobId) {
    let dead = shown(app, job).await;
    assert_eq!(
        (&dead["state"], &dead["error"]["code"], &dead["error"]["retryable"]),
        (&json!("dead"), &json!("effect_unknown"), &json!(false)),
        "{dead}"
    );
    let replay = "/v1/dead-letters/replay";
    let undecided = json!([{"id": job, "reason": "effect_unknown"}]);
    for dry_run in [true, false] {
        let replayed = app.client.post(replay, json!({"ids": [job], "dry_run": dry_run})).await;
        assert_eq!(replayed.body["skipped"], undecided, "{dry_run}: {}", replayed.text);
    }
    let retry = format!("/v1/jobs/{job}/retry");
    let refused = app.client.post(&retry, Value::Null).await;
    refused.expect_problem(422, "invalid");
    let decided = app.client.post(&retry, json!({"effect": "assume_done"})).await;
    assert_eq!(decided.status.as_u16(), 202, "{}", decided.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_that_was_lost_during_a_call_is_not_cancelled() {
    let app = without_workers().await;
    let alone = lost_during_a_call(&app).await;
    let cancelled = app.client.post(&format!("/v1/jobs/{alone}/cancel"), Value::Null).await;
    assert_eq!(
        (cancelled.status.as_u16(), &cancelled.body["state"]),
        (202, &json!("dead")),
        "{}",
        cancelled.text
    );
    is_put_before_a_person(&app, alone).await;

    let (one_of_many, other) = (lost_during_a_call(&app).await, noop(&app).await);
    for dry_run in [true, false] {
        let body = json!({"ids": [one_of_many, other], "dry_run": dry_run});
        let cancelled = app.client.post("/v1/jobs/cancel", body).await.body;
        assert_eq!(
            (&cancelled["cancelled"], &cancelled["skipped"]),
            (
                &json!([other]),
                &json!([{"id": one_of_many, "reason": "effect_unknown"}])
            ),
            "{cancelled}"
        );
    }
    is_put_before_a_person(&app, one_of_many).await;

    let two = json!({"jobs": [{"kind": "diagnostics.noop"}, {"kind": "diagnostics.noop"}]});
    let batch = submit(&app, "/v1/batches", two).await;
    let of_batch = app
        .texts(&format!(
            "SELECT id::text AS text FROM jobs WHERE parent_id = '{batch}' ORDER BY id"
        ))
        .await;
    let of_batch = JobId(of_batch[0].parse().unwrap());
    lose_during_a_call(&app, of_batch).await;
    submit(&app, &format!("/v1/batches/{batch}/cancel"), Value::Null).await;
    workers::tend_batches(&app.context.system, &app.context.queue)
        .await
        .unwrap();
    let ended = app.client.get(&format!("/v1/batches/{batch}")).await.body;
    let counts = &ended["counts"];
    assert_eq!(
        (&counts["dead"], &counts["cancelled"]),
        (&json!(1), &json!(1)),
        "{ended}"
    );
    is_put_before_a_person(&app, of_batch).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_after_a_lost_call_ends_in_success_or_before_a_person() {
    let app = without_workers().await;
    let delay = Duration::ZERO;
    let failed = || json!({"code": "integration", "message": "It was refused.", "retryable": true});
    let why = json!({"reason": "rate_limit", "limit": "requests", "credential": "c", "limited_secs": 1.0});
    for (is_cancelled, outcome) in [
        (false, Outcome::Cancelled),
        (false, Outcome::Dead { error: failed() }),
        (true, Outcome::Retry { error: failed(), delay }),
        (true, Outcome::HandedBack),
        (true, Outcome::Snoozed { delay, why }),
    ] {
        let (job, plain) = (lost_during_a_call(&app).await, noop(&app).await);
        let mut ends = Vec::new();
        for id in [job, plain] {
            let lease_token = claim_by_hand(&app, id, 60_000).await.lease_token;
            if is_cancelled {
                submit(&app, &format!("/v1/jobs/{id}/cancel"), Value::Null).await;
            }
            ends.push(Finish {
                id,
                lease_token,
                interactive: false,
                batch: None,
                outcome: outcome.clone(),
                steps: None,
            });
        }
        let ended = finish(&app.context.system, &ends).await.unwrap();
        let without_calls = match outcome {
            Outcome::Dead { .. } => JobState::Dead,
            _ => JobState::Cancelled,
        };
        for of in ended {
            let expected = if of.job.id == job {
                JobState::Dead
            } else {
                without_calls
            };
            assert_eq!(of.state, expected, "{outcome:?}");
        }
        let attempts = shown(&app, job).await["attempts"].clone();
        let attempts: Vec<(&Value, &Value)> = attempts
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| (&attempt["attempt"], &attempt["outcome"]))
            .collect();
        assert_eq!(
            attempts,
            [(&json!(1), &json!("lost")), (&json!(2), &json!("failed"))],
            "{outcome:?}"
        );
        if matches!(outcome, Outcome::Dead { .. } | Outcome::Retry { .. }) {
            let said = shown(&app, job).await["error"]["message"].clone();
            assert!(
                said.as_str().unwrap().starts_with("It was refused. The job ended"),
                "{said}"
            );
        }
        is_put_before_a_person(&app, job).await;
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_written_down_leaves_a_last_attempt_to_a_person() {
    let (app, vendor) = (TestApp::start().await, FakeVendor::start(&[Act]).await);
    app.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$",
    )
    .await;
    app.execute("CREATE TRIGGER refuse BEFORE UPDATE ON effects FOR EACH ROW EXECUTE FUNCTION refuse()")
        .await;
    let payload = json!({"url": format!("{}/calls", vendor.url), "key": "k"});
    let body = json!({"kind": "diagnostics.call", "payload": payload, "max_attempts": 1});
    let job = submit(&app, "/v1/jobs", body).await;
    app.client.ended(&job.to_string()).await;
    app.execute("DROP TRIGGER refuse ON effects").await;
    is_put_before_a_person(&app, job).await;
    assert_eq!(app.client.ended(&job.to_string()).await["state"], "succeeded");
    assert_eq!(vendor.calls().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_fails_at_the_end_leaves_the_call_to_a_person() {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("outgoing.timeout_secs", "1".to_owned())],
        registry: workers::handlers::registry().with::<Order>(),
        ..TestOptions::default()
    })
    .await;
    for (behaviour, max_attempts, is_cancelled) in [(ActAndAnswer(500), 1, false), (ActAndFallSilent, 5, true)] {
        let vendor = FakeVendor::start(&[behaviour]).await;
        let order = Order::in_the_dark(&vendor);
        let options = EnqueueOptions {
            max_attempts: Some(max_attempts),
            ..EnqueueOptions::default()
        };
        let queued = enqueue_one(&app, &order, &options).await;
        app.context.queue.push(std::slice::from_ref(&queued)).await;
        vendor.called().await;
        if is_cancelled {
            submit(&app, &format!("/v1/jobs/{}/cancel", queued.id), Value::Null).await;
        }
        app.client.ended(&queued.id.to_string()).await;
        is_put_before_a_person(&app, queued.id).await;
        assert_eq!(app.client.ended(&queued.id.to_string()).await["state"], "succeeded");
        assert_eq!(vendor.calls().len(), 1, "{behaviour:?}");
    }
    app.finish().await;
}
