//! Calls to the outside: made once, or looked up, or put before a person.
use super::deployment::Deployment;
use super::order::Order;
use super::rows::Rows;
use jobs::{Asked, BudgetLimits, Call, Dispatch, EnqueueOptions, Estimate, Pool};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use store::effects::{self, Intent, Settlement};
use store::jobs::Held;
use store::{JobId, StoreError};
use tests::Behaviour::{Act, ActAndAnswer, ActAndAnswerLate, ActAndFallSilent, FallSilent, Refuse};
use tests::{FakeVendor, TestApp, TestOptions};
use uuid::Uuid;

pub(super) fn call(vendor: &FakeVendor) -> Value {
    json!({"kind": "diagnostics.call", "payload": {"url": format!("{}/calls", vendor.url), "key": "order-1"}})
}

/// Calls time out after a second.
async fn app() -> TestApp {
    app_with(workers::handlers::registry()).await
}

async fn app_with(registry: workers::Registry) -> TestApp {
    TestApp::start_with(TestOptions {
        settings: vec![("outgoing.timeout_secs", "1".to_owned())],
        registry,
        ..TestOptions::default()
    })
    .await
}

async fn submit(app: &TestApp, vendor: &FakeVendor) -> Value {
    let submitted = app.client.post("/v1/jobs", call(vendor)).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    app.client.ended(submitted.body["id"].as_str().unwrap()).await
}

/// The ledger's entries, as `step state calls`.
async fn ledger(app: &TestApp, job: &Value) -> Vec<String> {
    let listed = app
        .client
        .get(&format!("/v1/jobs/{}/effects", job["id"].as_str().unwrap()))
        .await;
    assert_eq!(listed.body["next_cursor"], Value::Null, "{}", listed.text);
    let entries = listed.body["data"].as_array().unwrap().iter();
    entries
        .map(|effect| {
            let text = |name: &str| effect[name].as_str().unwrap().to_owned();
            format!("{} {} {}", text("step"), text("state"), effect["calls"])
        })
        .collect()
}

async fn retry(app: &TestApp, job: &Value, body: Value) -> tests::Answered {
    app.client
        .post(&format!("/v1/jobs/{}/retry", job["id"].as_str().unwrap()), body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_written_down_with_its_answer() {
    let (app, vendor) = (app().await, FakeVendor::start(&[]).await);
    let job = submit(&app, &vendor).await;
    assert_eq!(
        (&job["state"], &job["result"]),
        (&json!("succeeded"), &json!({"status": 200}))
    );
    assert_eq!(vendor.calls().len(), 1);
    assert!(
        vendor.calls()[0].parse::<Uuid>().is_ok(),
        "it sends a key: {:?}",
        vendor.calls()
    );
    assert_eq!(ledger(&app, &job).await, ["call done 1"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_certainly_had_no_effect_is_made_again_under_the_same_key() {
    let (app, vendor) = (app().await, FakeVendor::start(&[Refuse(429), Refuse(503)]).await);
    let job = submit(&app, &vendor).await;
    // The vendor asked for a pause: that is no attempt of the job.
    assert_eq!((&job["state"], &job["attempt"]), (&json!("succeeded"), &json!(1)));
    let keys = vendor.calls();
    assert_eq!((keys.len(), vendor.acted().len()), (3, 1));
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(ledger(&app, &job).await, ["call done 3"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_reached_nobody_is_made_again() {
    let app = app().await;
    // Nobody listens there by now.
    let vendor = FakeVendor::start(&[]).await;
    let body = call(&vendor);
    drop(vendor);
    let body = json!({"kind": body["kind"], "payload": body["payload"], "max_attempts": 2});
    let submitted = app.client.post("/v1/jobs", body).await;
    let job = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"], &job["attempt"]),
        (&json!("dead"), &json!("integration"), &json!(2)),
        "{job}"
    );
    assert_eq!(ledger(&app, &job).await, ["call failed 2"]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_for_good_is_dead_and_not_unknown() {
    let (app, vendor) = (app().await, FakeVendor::start(&[Refuse(422)]).await);
    let job = submit(&app, &vendor).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("integration"))
    );
    assert_eq!(ledger(&app, &job).await, ["call failed 1"]);
    assert_eq!(
        retry(&app, &job, Value::Null).await.status.as_u16(),
        202,
        "no decision is needed"
    );
    assert_eq!(
        app.client.ended(job["id"].as_str().unwrap()).await["state"],
        "succeeded"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_outcome_is_lost_is_never_repeated_without_a_decision() {
    for lost in [ActAndAnswer(500), ActAndFallSilent, FallSilent] {
        let (app, vendor) = (app().await, FakeVendor::start(&[lost]).await);
        let job = submit(&app, &vendor).await;
        assert_eq!(
            (&job["state"], &job["error"]["code"], &job["error"]["retryable"]),
            (&json!("dead"), &json!("effect_unknown"), &json!(false)),
            "{lost:?}: {job}"
        );
        assert_eq!(ledger(&app, &job).await, ["call unknown 1"]);
        for wrong in [Value::Null, json!({}), json!({"effect": "maybe"})] {
            let refused = retry(&app, &job, wrong).await;
            refused.expect_problem(422, "invalid");
            assert_eq!(refused.body["errors"][0]["field"], "effect", "{}", refused.text);
        }
        assert_eq!(vendor.calls().len(), 1);
        app.abandon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_assumes_that_it_was_done_goes_on_without_a_call() {
    let (app, vendor) = (app().await, FakeVendor::start(&[ActAndAnswer(500)]).await);
    let job = submit(&app, &vendor).await;
    assert_eq!(
        retry(&app, &job, json!({"effect": "assume_done"}))
            .await
            .status
            .as_u16(),
        202
    );
    let job = app.client.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["result"]),
        (&json!("succeeded"), &json!({"status": null}))
    );
    assert_eq!(
        (vendor.calls().len(), ledger(&app, &job).await),
        (1, vec!["call done 1".to_owned()])
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lets_it_be_repeated_gets_one_more_call_under_the_same_key() {
    let (app, vendor) = (app().await, FakeVendor::start(&[FallSilent]).await);
    let job = submit(&app, &vendor).await;
    assert_eq!(
        retry(&app, &job, json!({"effect": "repeat"})).await.status.as_u16(),
        202
    );
    let job = app.client.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let keys = vendor.calls();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    let refused = retry(&app, &job, json!({"effect": "repeat"})).await;
    refused.expect_problem(409, "conflict");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_refused_where_there_is_nothing_to_decide() {
    let app = app().await;
    let body = json!({"kind": "diagnostics.fail", "payload": {"permanent": true}});
    let submitted = app.client.post("/v1/jobs", body).await;
    let job = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    let refused = retry(&app, &job, json!({"effect": "assume_done"})).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(
        app.client
            .get(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()))
            .await
            .body["state"],
        "dead"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_during_the_call_leaves_an_unknown_outcome_and_one_call() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let vendor = FakeVendor::start(&[ActAndFallSilent, Act]).await;
    let _api = system.serve().await;
    let mut killed = system.worker(&[]).await;
    let submitted = system.client.post("/v1/jobs", call(&vendor)).await;
    vendor.called().await;
    assert_eq!(
        rows.texts("SELECT state FROM effects").await,
        ["intended"],
        "it was on disk before the call"
    );
    killed.signal("KILL");
    killed.wait();
    let _other = system.worker(&[]).await;
    let job = system.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("effect_unknown")),
        "{job}"
    );
    assert_eq!((vendor.calls().len(), vendor.acted().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_during_its_jobs_last_attempt_leaves_it_to_a_person() {
    let system = Deployment::start(&[]).await;
    let vendor = FakeVendor::start(&[ActAndFallSilent, Act]).await;
    let _api = system.serve().await;
    let mut killed = system.worker(&[]).await;
    let body = json!({"kind": "diagnostics.call", "payload": call(&vendor)["payload"], "max_attempts": 1});
    let submitted = system.client.post("/v1/jobs", body).await;
    vendor.called().await;
    killed.signal("KILL");
    killed.wait();
    let _other = system.worker(&[]).await;
    let job = system.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("effect_unknown")),
        "{job}"
    );
    let retry = format!("/v1/jobs/{}/retry", job["id"].as_str().unwrap());
    system
        .client
        .post(&retry, Value::Null)
        .await
        .expect_problem(422, "invalid");
    assert_eq!((vendor.calls().len(), vendor.acted().len()), (1, 1));
}

/// Starts a worker without time to drain, and returns when its job's call has reached the vendor.
async fn in_the_middle_of_a_call(vendor: &FakeVendor, timeout_secs: u64) -> (TestApp, String) {
    let app = TestApp::start_with(TestOptions {
        settings: vec![
            ("outgoing.timeout_secs", timeout_secs.to_string()),
            ("workers.drain_secs", "0".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await;
    let submitted = app.client.post("/v1/jobs", call(vendor)).await;
    vendor.called().await;
    (app, submitted.body["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_lets_a_call_end() {
    let vendor = FakeVendor::start(&[ActAndAnswerLate(Duration::from_secs(2))]).await;
    let (mut app, id) = in_the_middle_of_a_call(&vendor, 10).await;
    app.stop_workers().await;
    let job = app.client.get(&format!("/v1/jobs/{id}")).await.body;
    assert_ne!(job["state"], "dead", "{job}");
    assert_eq!(ledger(&app, &job).await, ["call done 1"]);
    // Whoever asks the budget again would wait for another's call.
    let credential = vendor.url.trim_start_matches("http://");
    let budget = app.client.request(Method::PUT, &format!("/v1/budgets/{credential}"));
    let declared = app.client.send(budget.json(&json!({"concurrency": 1}))).await;
    assert_eq!(declared.status.as_u16(), 200, "{}", declared.text);
    let others = Call {
        tenant: app.tenant,
        credential,
        job: JobId::generate(),
        lease: Uuid::new_v4(),
        lasts: Duration::from_secs(600),
        estimate: Estimate::default(),
        limits: BudgetLimits {
            requests_per_minute: 0,
            burst: 0,
            concurrency: 1,
            tokens_per_minute: 0,
            cost_micros_per_day: 0,
        },
        installation: None,
        comes_back: true,
    };
    let asked = app.context.queue.ask_governor(&others, None).await.unwrap();
    assert_eq!(asked, Asked::Granted, "the job's own call was settled");
    app.start_workers(Pool::ALL.to_vec());
    assert_eq!(app.client.ended(&id).await["state"], "succeeded");
    assert_eq!(vendor.calls().len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_during_a_call_says_what_came_of_it() {
    let vendor = FakeVendor::start(&[ActAndAnswerLate(Duration::from_secs(1))]).await;
    let (app, id) = in_the_middle_of_a_call(&vendor, 10).await;
    app.client.post(&format!("/v1/jobs/{id}/cancel"), Value::Null).await;
    let job = app.client.ended(&id).await;
    assert_ne!(job["state"], "dead", "{job}");
    assert_eq!(ledger(&app, &job).await, ["call done 1"]);
    app.finish().await;

    let vendor = FakeVendor::start(&[ActAndFallSilent]).await;
    let (app, id) = in_the_middle_of_a_call(&vendor, 1).await;
    app.client.post(&format!("/v1/jobs/{id}/cancel"), Value::Null).await;
    let job = app.client.ended(&id).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("effect_unknown")),
        "{job}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_closed_to_whoever_lost_the_lease() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    let id = JobId(submitted.body["id"].as_str().unwrap().parse().unwrap());
    let claimed = store::jobs::claim(&app.context.system, &[id], "w", Uuid::new_v4(), 60_000)
        .await
        .unwrap();
    let holder = Held {
        id,
        lease_token: claimed[0].lease_token,
    };
    let other = Held {
        id,
        lease_token: Uuid::new_v4(),
    };
    let intend = async |held: Held, hash: u8| {
        let intended: Result<Intent, StoreError> = app
            .context
            .store
            .tenant(app.tenant, async move |tx| {
                effects::intend(tx, held, "s", &[hash; 32]).await
            })
            .await;
        intended
    };
    assert!(matches!(intend(other, 1).await, Err(StoreError::LeaseLost)));
    assert_eq!(intend(holder, 1).await.unwrap(), Intent::Call);
    assert_eq!(
        intend(holder, 1).await.unwrap(),
        Intent::Unknown,
        "it was intended and not settled"
    );
    assert_eq!(
        intend(holder, 2).await.unwrap(),
        Intent::Other,
        "a step asks for one thing"
    );
    let settle = async |held: Held| {
        let settled: Result<(), StoreError> = app
            .context
            .store
            .tenant(app.tenant, async move |tx| {
                let done = Settlement::Done { response: json!(7) };
                effects::settle(tx, held, "s", &done).await
            })
            .await;
        settled
    };
    assert!(matches!(settle(other).await, Err(StoreError::LeaseLost)));
    settle(holder).await.unwrap();
    assert_eq!(intend(holder, 1).await.unwrap(), Intent::Done(Some(json!(7))));
    app.abandon().await;
}

async fn order(app: &TestApp, vendor: &FakeVendor) -> Value {
    let order = Order::with(vendor);
    let queued: Result<jobs::Enqueued, jobs::EnqueueError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| {
            jobs::enqueue(tx, &order, EnqueueOptions::default()).await
        })
        .await;
    let queued = queued.unwrap();
    let dispatch: Vec<Dispatch> = queued.dispatch.into_iter().collect();
    app.context.queue.push(&dispatch).await;
    app.client.ended(&queued.id.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_outcome_that_can_be_looked_up_is_looked_up() {
    let registry = workers::handlers::registry().with::<Order>();
    for (script, calls, answered) in [
        // It acted: found, and not done again.
        (vec![ActAndFallSilent], 1, "found"),
        // It did not: done again, and once in all.
        (vec![FallSilent], 2, "placed"),
    ] {
        let (app, vendor) = (app_with(registry.clone()).await, FakeVendor::start(&script).await);
        let job = order(&app, &vendor).await;
        assert_eq!(
            (&job["state"], &job["result"]["answered"]),
            (&json!("succeeded"), &json!(answered)),
            "{script:?}: {job}"
        );
        assert_eq!((vendor.calls().len(), vendor.acted().len()), (calls, 1), "{script:?}");
        app.finish().await;
    }
}
