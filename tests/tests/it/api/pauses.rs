//! Holding jobs back, and letting one of them run all the same.
use jobs::Pool;
use serde_json::{Value, json};
use std::time::Duration;
use store::Owner;
use store::pauses::{Target, pause, resume};
use tests::{Client, TestApp, TestOptions, eventually, far_ahead};

async fn submit(client: &Client, kind: &str) -> String {
    let submitted = client
        .post("/v1/jobs", json!({"kind": kind, "payload": payload(kind)}))
        .await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

fn payload(kind: &str) -> Value {
    if kind == "diagnostics.sleep" {
        json!({"ms": 1})
    } else {
        json!({})
    }
}

async fn state(client: &Client, job: &str) -> String {
    let found = client.get(&format!("/v1/jobs/{job}")).await;
    found.body["state"].as_str().unwrap().to_owned()
}

async fn pause_all(client: &Client, body: Value) -> String {
    let paused = client.post("/v1/pauses", body).await;
    assert_eq!(paused.status.as_u16(), 201, "{}", paused.text);
    paused.body["id"].as_str().unwrap().to_owned()
}

async fn resume_all(client: &Client, id: &str) {
    let resumed = client.delete(&format!("/v1/pauses/{id}")).await;
    assert_eq!((resumed.status.as_u16(), resumed.text.as_str()), (204, ""));
}

/// Until a job that came after it has run: by then a job that is not held back has run too.
async fn other_jobs_run(client: &Client, kind: &str) {
    let later = submit(client, kind).await;
    assert_eq!(client.ended(&later).await["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_tenant_waits_and_the_others_do_not() {
    let app = TestApp::start().await;
    let id = pause_all(&app.client, json!({"reason": "moving house"})).await;
    let held = submit(&app.client, "diagnostics.noop").await;
    other_jobs_run(&app.client_b, "diagnostics.noop").await;
    assert_eq!(state(&app.client, &held).await, "queued");
    let listed = app.client.get("/v1/pauses").await;
    assert_eq!(
        (
            &listed.body["data"][0]["id"],
            &listed.body["data"][0]["reason"],
            &listed.body["data"][0]["kind"]
        ),
        (&json!(id), &json!("moving house"), &Value::Null)
    );
    assert_eq!(app.client_b.get("/v1/pauses").await.body["data"], json!([]));
    resume_all(&app.client, &id).await;
    let ended = app.client.ended_within(&held, Duration::from_secs(5)).await;
    assert_eq!((&ended["state"], &ended["attempt"]), (&json!("succeeded"), &json!(1)));
    app.client
        .delete(&format!("/v1/pauses/{id}"))
        .await
        .expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_kind_waits_and_other_kinds_do_not() {
    let app = TestApp::start().await;
    let id = pause_all(&app.client, json!({"kind": "diagnostics.sleep"})).await;
    let held = submit(&app.client, "diagnostics.sleep").await;
    other_jobs_run(&app.client, "diagnostics.noop").await;
    other_jobs_run(&app.client_b, "diagnostics.sleep").await;
    assert_eq!(state(&app.client, &held).await, "queued");
    app.client
        .post("/v1/pauses", json!({"kind": "diagnostics.sleep"}))
        .await
        .expect_problem(409, "conflict");
    resume_all(&app.client, &id).await;
    assert_eq!(app.client.ended(&held).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_comes_due_or_was_dispatched_before_a_pause_waits_as_well() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let (pushed, scheduled) = (
        submit(&app.client, "diagnostics.noop").await,
        submit(&app.client, "diagnostics.noop").await,
    );
    let later =
        format!("UPDATE jobs SET state = 'scheduled', run_at = now() + interval '300 ms' WHERE id = '{scheduled}'");
    use diesel_async::SimpleAsyncConnection;
    app.database.owner().await.batch_execute(&later).await.unwrap();
    let id = pause_all(&app.client, json!({})).await;
    app.start_workers(Pool::ALL.to_vec());
    let aside = "SELECT count(*) FROM jobs WHERE state = 'queued' AND dispatch_epoch = 'paused'";
    eventually("both are put aside", Duration::from_secs(10), || async {
        app.count(aside).await == 2
    })
    .await;
    resume_all(&app.client, &id).await;
    for job in [pushed, scheduled] {
        assert_eq!(
            app.client.ended_within(&job, Duration::from_secs(5)).await["state"],
            "succeeded"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_may_run_while_the_others_are_paused_or_not_due() {
    let app = TestApp::start().await;
    let id = pause_all(&app.client, json!({})).await;
    let (chosen, held) = (
        submit(&app.client, "diagnostics.noop").await,
        submit(&app.client, "diagnostics.noop").await,
    );
    let far = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let far = app.client.post("/v1/jobs", far).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for job in [&chosen, &far] {
        let run = app.client.post(&format!("/v1/jobs/{job}/run"), Value::Null).await;
        assert_eq!(run.status.as_u16(), 202, "{}", run.text);
        assert_eq!(app.client.ended(job).await["state"], "succeeded");
        let again = app.client.post(&format!("/v1/jobs/{job}/run"), Value::Null).await;
        again.expect_problem(409, "conflict");
    }
    assert_eq!(state(&app.client, &held).await, "queued");
    resume_all(&app.client, &id).await;
    app.client.ended(&held).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_pauses_a_pool_or_a_kind_for_everybody() {
    let app = TestApp::start().await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    for target in [
        Target::Everybody {
            pool: Some("general"),
            kind: None,
        },
        Target::Everybody {
            pool: None,
            kind: Some("diagnostics.noop"),
        },
        Target::Everybody {
            pool: Some("general"),
            kind: Some("diagnostics.noop"),
        },
        Target::Tenant {
            tenant: app.tenant,
            kind: None,
        },
    ] {
        pause(&mut owner, &target, "").await.unwrap();
        assert!(
            pause(&mut owner, &target, "").await.is_err(),
            "{target:?} is paused already"
        );
        let held = submit(&app.client, "diagnostics.noop").await;
        let base = app.client_b.knowledge_base(&held).await;
        let document = json!({"title": "t", "content": "Another pool.", "mime_type": "text/plain"});
        app.client_b.ingest(&base, document).await;
        assert_eq!(state(&app.client, &held).await, "queued", "{target:?}");
        resume(&mut owner, &target).await.unwrap();
        assert!(resume(&mut owner, &target).await.is_err(), "{target:?} is not paused");
        assert_eq!(app.client.ended(&held).await["state"], "succeeded", "{target:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_not_paused() {
    let app = TestApp::start().await;
    let refused = app
        .client
        .post("/v1/pauses", json!({"kind": "nonsense", "reason": 7, "pool": "x"}))
        .await;
    refused.expect_problem(422, "unknown_kind");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_begins_and_ends_between_two_looks_leaves_nothing_aside() {
    // The reconciler looks at what is paused, then asks Redis, which is silent just then, and only then at the jobs.
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        redis_proxy: true,
        settings: vec![("redis.response_timeout_ms", "20000".to_owned())],
        ..TestOptions::default()
    })
    .await;
    app.redis().stall();
    app.start_workers(Pool::ALL.to_vec());
    eventually("the workers are at it", Duration::from_secs(10), || async {
        app.count("SELECT count(*) FROM workers").await == Pool::ALL.len() as i64
    })
    .await;
    let id = pause_all(&app.client, json!({})).await;
    let job = submit(&app.client, "diagnostics.noop").await;
    app.redis().resume();
    let aside = "SELECT count(*) FROM jobs WHERE state = 'queued' AND dispatch_epoch = 'paused'";
    eventually("it is put aside", Duration::from_secs(10), || async {
        app.count(aside).await == 1
    })
    .await;
    resume_all(&app.client, &id).await;
    assert_eq!(
        app.client.ended_within(&job, Duration::from_secs(10)).await["state"],
        "succeeded"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_has_paused_of_a_tenant_only_an_operator_resumes() {
    let app = TestApp::start().await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let target = Target::Tenant {
        tenant: app.tenant,
        kind: None,
    };
    pause(&mut owner, &target, "runaway cost").await.unwrap();
    let listed = app.client.get("/v1/pauses").await.body["data"].clone();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["set_by"], &listed[0]["reason"]),
        (&Value::Null, &json!("operator"), &json!("runaway cost")),
        "{listed}"
    );
    let held = submit(&app.client, "diagnostics.noop").await;
    let why = app.client.get(&format!("/v1/jobs/{held}/why")).await;
    assert!(
        why.text.contains("the operator has paused this tenant (runaway cost)"),
        "{}",
        why.text
    );
    // Its own pause is beside the operator's, and so is that it has one job run.
    let own = pause_all(&app.client, json!({})).await;
    assert_eq!(
        app.client.get("/v1/pauses").await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    resume_all(&app.client, &own).await;
    let ids = app.texts("SELECT id::text AS text FROM tenant_pauses").await;
    app.client
        .delete(&format!("/v1/pauses/{}", ids[0]))
        .await
        .expect_problem(404, "not_found");
    let run = app.client.post(&format!("/v1/jobs/{held}/run"), Value::Null).await;
    assert_eq!(run.status.as_u16(), 202, "{}", run.text);
    let aside = "SELECT count(*) FROM jobs WHERE state = 'queued' AND dispatch_epoch = 'paused'";
    eventually("it is put aside", Duration::from_secs(20), || async {
        app.count(aside).await == 1
    })
    .await;
    other_jobs_run(&app.client_b, "diagnostics.noop").await;
    assert_eq!(state(&app.client, &held).await, "queued");
    // And the operator's `resume` leaves the tenant's.
    let own = pause_all(&app.client, json!({})).await;
    resume(&mut owner, &target).await.unwrap();
    assert!(resume(&mut owner, &target).await.is_err(), "no operator has paused it");
    let waits = submit(&app.client, "diagnostics.noop").await;
    other_jobs_run(&app.client_b, "diagnostics.noop").await;
    assert_eq!(state(&app.client, &waits).await, "queued");
    resume_all(&app.client, &own).await;
    for job in [held, waits] {
        assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_run_though_paused_makes_one_attempt_and_waits_with_the_others() {
    let app = TestApp::start().await;
    let id = pause_all(&app.client, json!({"kind": "diagnostics.fail"})).await;
    let body = json!({"kind": "diagnostics.fail", "payload": {"times": 1, "retry_after_ms": 1}});
    let job = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.client.post(&format!("/v1/jobs/{job}/run"), Value::Null).await;
    let aside = "SELECT count(*) FROM jobs WHERE state = 'queued' AND dispatch_epoch = 'paused' AND attempt = 1";
    eventually("its second attempt is put aside", Duration::from_secs(20), || async {
        app.count(aside).await == 1
    })
    .await;
    resume_all(&app.client, &id).await;
    let ended = app.client.ended(&job).await;
    assert_eq!((&ended["state"], &ended["attempt"]), (&json!("succeeded"), &json!(2)));
    app.finish().await;
}
