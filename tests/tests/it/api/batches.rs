//! Batches: jobs that are counted as they end, and the one that follows.
use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Answered, Client, TestApp, TestOptions, eventually, far_ahead};
use uuid::Uuid;

fn noop() -> Value {
    json!({"kind": "diagnostics.noop"})
}

fn far() -> Value {
    json!({"kind": "diagnostics.noop", "run_at": far_ahead()})
}

fn fails() -> Value {
    json!({"kind": "diagnostics.fail", "payload": {"permanent": true}})
}

async fn submit(client: &Client, batch: Value) -> Value {
    let submitted = client.post("/v1/batches", batch).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

async fn show(client: &Client, batch: &Value) -> Value {
    client.get(&format!("/v1/batches/{}", id(batch))).await.body
}

async fn act(client: &Client, path: &str) -> Answered {
    client.post(path, Value::Null).await
}

/// The batch once it and what follows it have ended.
async fn ended(client: &Client, batch: &Value) -> Value {
    eventually("the batch ends", Duration::from_secs(20), || async {
        !show(client, batch).await["ended_at"].is_null()
    })
    .await;
    if let Some(step) = batch["on_complete_job_id"].as_str() {
        client.ended(step).await;
    }
    show(client, batch).await
}

/// Its jobs, oldest first.
async fn children(client: &Client, batch: &Value) -> Vec<Value> {
    let page = client.get(&format!("/v1/jobs?limit=100&parent_id={}", id(batch))).await;
    let mut jobs = page.body["data"].as_array().unwrap().clone();
    jobs.reverse();
    jobs
}

fn instant(of: &Value) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(of.as_str().unwrap()).unwrap()
}

fn counts(total: i32, pending: i32, succeeded: i32, dead: i32, cancelled: i32) -> Value {
    json!({"total": total, "pending": pending, "succeeded": succeeded, "dead": dead, "cancelled": cancelled})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_runs_once_after_every_job_however_each_ended() {
    let app = TestApp::start().await;
    let client = &app.client;
    let batch = submit(
        client,
        json!({"name": "mixed", "jobs": [noop(), noop(), fails(), far()], "on_complete": noop()}),
    )
    .await;
    eventually("three have ended", Duration::from_secs(20), || async {
        show(client, &batch).await["counts"] == counts(4, 1, 2, 1, 0)
    })
    .await;
    let step = batch["on_complete_job_id"].as_str().unwrap();
    let why = client.get(&format!("/v1/jobs/{step}/why")).await.body;
    assert_eq!(why["state"], "scheduled", "{why}");
    assert_eq!(why["blocked_by"][0]["reason"], "dependency");
    assert_eq!(
        why["blocked_by"][0]["detail"],
        "1 of the 4 jobs of its batch have not ended."
    );
    act(client, &format!("/v1/jobs/{step}/run"))
        .await
        .expect_problem(409, "conflict");

    let jobs = children(client, &batch).await;
    assert_eq!(jobs.len(), 4);
    assert!(jobs.iter().all(|job| job["parent_id"] == batch["id"]));
    act(client, &format!("/v1/jobs/{}/cancel", id(&jobs[3]))).await;
    let over = ended(client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"], &over["on_complete_state"]),
        (&json!("failed"), &counts(4, 0, 2, 1, 1), &json!("succeeded"))
    );
    let step = client.get(&format!("/v1/jobs/{step}")).await.body;
    assert_eq!(step["attempts"].as_array().unwrap().len(), 1);
    let ends = children(client, &batch).await;
    assert!(
        ends.iter()
            .all(|job| instant(&job["finished_at"]) <= instant(&step["started_at"])),
        "{step} before {ends:?}"
    );
    assert_eq!(client.get("/v1/batches").await.body["data"], json!([over]));
    assert_eq!(app.client_b.get("/v1/batches").await.body["data"], json!([]));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_waited_for_and_repeated_under_one_idempotency_key() {
    let app = TestApp::start().await;
    let send = async |body: Value| {
        let request = app
            .client
            .request(reqwest::Method::POST, "/v1/batches")
            .header("prefer", "wait=20")
            .header("idempotency-key", "one");
        app.client.send(request.json(&body)).await
    };
    let body = json!({"jobs": vec![noop(); 50], "on_complete": noop()});
    let first = send(body.clone()).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text);
    assert_eq!(
        (&first.body["state"], &first.body["on_complete_state"]),
        (&json!("succeeded"), &json!("succeeded"))
    );
    assert_eq!(first.headers["location"], format!("/v1/batches/{}", id(&first.body)));
    assert_eq!(first.headers["preference-applied"], "wait=20");
    let again = send(body).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    send(json!({"jobs": [noop()]}))
        .await
        .expect_problem(409, "idempotency_mismatch");
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 51);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_batch_takes_jobs_until_it_is_closed() {
    let app = TestApp::start().await;
    let client = &app.client;
    let batch = submit(client, json!({"open": true, "on_complete": noop()})).await;
    let add = format!("/v1/batches/{}/jobs", id(&batch));
    let keyed = async || {
        let request = client.request(reqwest::Method::POST, &add);
        let request = request.header("idempotency-key", "more");
        client.send(request.json(&json!({"jobs": [noop(), noop()]}))).await
    };
    assert_eq!(keyed().await.status.as_u16(), 202);
    assert_eq!(keyed().await.headers["idempotent-replayed"], "true");
    eventually("both have ended", Duration::from_secs(20), || async {
        show(client, &batch).await["counts"] == counts(2, 0, 2, 0, 0)
    })
    .await;
    assert_eq!(show(client, &batch).await["state"], "running");
    let step = batch["on_complete_job_id"].as_str().unwrap();
    let why = client.get(&format!("/v1/jobs/{step}/why")).await.body;
    assert_eq!(
        (&why["blocked_by"][0]["reason"], &why["blocked_by"][0]["class"]),
        (&json!("dependency"), &json!("stuck"))
    );
    client
        .post(&add, json!({"jobs": [noop()], "close": true}))
        .await
        .headers
        .get("location")
        .unwrap();
    let over = ended(client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"], &over["open"]),
        (&json!("succeeded"), &counts(3, 0, 3, 0, 0), &json!(false))
    );
    client
        .post(&add, json!({"jobs": [noop()]}))
        .await
        .expect_problem(409, "conflict");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_ingested_count_in_a_batch() {
    let app = TestApp::start().await;
    let client = &app.client;
    let base = client.knowledge_base("Help centre").await;
    let batch = submit(client, json!({"open": true, "on_complete": noop()})).await;
    let documents = format!("/v1/knowledge-bases/{base}/documents");
    let document = |content: &str, batch: &Value| json!({"title": "t", "content": content, "mime_type": "text/html", "batch_id": batch});
    for content in ["<p>The lantern burns for 36 hours.</p>", "<p>…</p>"] {
        let submitted = client.post(&documents, document(content, &batch["id"])).await;
        assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
        assert_eq!(submitted.body["parent_id"], batch["id"]);
    }
    let file = reqwest::multipart::Part::text("Two words.").file_name("two.txt");
    let form = reqwest::multipart::Form::new()
        .part("file", file)
        .text("batch_id", id(&batch).to_owned());
    let request = client.request(reqwest::Method::POST, &documents).multipart(form);
    assert_eq!(client.send(request).await.body["parent_id"], batch["id"]);
    let close = format!("/v1/batches/{}/jobs", id(&batch));
    client.post(&close, json!({"close": true})).await;
    let over = ended(client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"]),
        (&json!("failed"), &counts(3, 0, 2, 1, 0))
    );

    let closed = client.post(&documents, document("Late.", &batch["id"])).await;
    closed.expect_problem(409, "conflict");
    let wrong = client.post(&documents, document("Words.", &json!("x"))).await;
    wrong.expect_problem(422, "invalid");
    // Another tenant's batch is none.
    let base = app.client_b.knowledge_base("Theirs").await;
    let open = submit(client, json!({"open": true})).await;
    let foreign = app
        .client_b
        .post(
            &format!("/v1/knowledge-bases/{base}/documents"),
            document("Words.", &open["id"]),
        )
        .await;
    foreign.expect_problem(404, "not_found");
    assert_eq!(foreign.body["errors"][0]["field"], "batch_id");
    assert_eq!(
        app.count("SELECT count(*) FROM documents").await,
        3,
        "nothing was stored"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_batch_that_is_closed_later_ends_although_nothing_pends() {
    let app = TestApp::start().await;
    let batch = submit(&app.client, json!({"open": true, "on_complete": noop()})).await;
    let close = format!("/v1/batches/{}/jobs", id(&batch));
    let closed = app.client.post_waiting(&close, json!({"close": true}), 20).await;
    assert_eq!(closed.status.as_u16(), 200, "{}", closed.text);
    assert_eq!(
        (&closed.body["state"], &closed.body["on_complete_state"]),
        (&json!("succeeded"), &json!("succeeded"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_cancels_what_has_not_ended_and_what_follows() {
    let app = TestApp::start().await;
    let client = &app.client;
    let sleep = json!({"kind": "diagnostics.sleep", "payload": {"ms": 600_000}});
    let batch = submit(client, json!({"jobs": [noop(), sleep, far()], "on_complete": noop()})).await;
    eventually("one has ended and one runs", Duration::from_secs(20), || async {
        let jobs = children(client, &batch).await;
        jobs[0]["state"] == "succeeded" && jobs[1]["state"] == "running"
    })
    .await;
    let cancel = format!("/v1/batches/{}/cancel", id(&batch));
    let cancelled = act(client, &cancel).await;
    assert_eq!(cancelled.status.as_u16(), 202, "{}", cancelled.text);
    assert_eq!(cancelled.body["on_complete_state"], "cancelled");
    let over = ended(client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"]),
        (&json!("cancelled"), &counts(3, 0, 1, 0, 2))
    );
    act(client, &cancel).await.expect_problem(409, "conflict");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_dead_job_cancels_the_others_where_that_was_asked_for() {
    let app = TestApp::start().await;
    let client = &app.client;
    let mut jobs = vec![far(); 20];
    jobs.push(fails());
    let batch = json!({"jobs": jobs, "on_failure": "cancel", "on_complete": noop(), "open": true});
    let over = ended(client, &submit(client, batch).await).await;
    assert_eq!(
        (&over["state"], &over["counts"], &over["open"]),
        (&json!("failed"), &counts(21, 0, 0, 1, 20), &json!(false))
    );
    assert_eq!(over["on_complete_state"], "succeeded", "it can see the counts");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_retried_is_counted_again_and_ends_no_batch_twice() {
    let app = TestApp::start().await;
    let client = &app.client;
    let once = json!({"kind": "diagnostics.fail", "payload": {"times": 1}, "max_attempts": 1});
    let batch = submit(client, json!({"jobs": [once, far()], "on_complete": noop()})).await;
    let jobs = children(client, &batch).await;
    // Before the end of its batch: it pends again, and the batch ends when it has.
    client.ended(id(&jobs[0])).await;
    let pause = client.post("/v1/pauses", json!({})).await.body;
    act(client, &format!("/v1/jobs/{}/retry", id(&jobs[0]))).await;
    assert_eq!(show(client, &batch).await["counts"], counts(2, 2, 0, 0, 0));
    act(client, &format!("/v1/jobs/{}/cancel", id(&jobs[1]))).await;
    client.delete(&format!("/v1/pauses/{}", id(&pause))).await;
    let over = ended(client, &batch).await;
    assert_eq!(over["counts"], counts(2, 0, 0, 1, 1));

    // After it.
    let pause = client.post("/v1/pauses", json!({})).await.body;
    let ids: Vec<&str> = jobs.iter().map(id).collect();
    let replay = client.post("/v1/dead-letters/replay", json!({"ids": ids})).await.body;
    assert_eq!(replay["replayed"], json!([ids[0]]), "{replay}");
    let again = show(client, &batch).await;
    assert_eq!(
        (&again["state"], &again["counts"], &again["ended_at"]),
        (&json!("running"), &counts(2, 1, 0, 0, 1), &over["ended_at"])
    );
    client.delete(&format!("/v1/pauses/{}", id(&pause))).await;
    client.ended(ids[0]).await;
    let again = show(client, &batch).await;
    assert_eq!(
        (&again["counts"], &again["ended_at"]),
        (&over["counts"], &over["ended_at"])
    );
    let step = client.get(&format!("/v1/jobs/{}", id(&batch))).await.body;
    assert_eq!(step["attempts"].as_array().unwrap().len(), 1, "{step}");
    app.abandon().await;
}

/// Without workers, a batch that was cancelled stays as it is until a test starts some.
async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_of_a_batch_that_is_being_cancelled_begins_again() {
    let mut app = without_workers().await;
    let client = app.client.clone();
    let batch = submit(&client, json!({"jobs": [far(), far()]})).await;
    let retry = format!("/v1/jobs/{}/retry", id(&children(&client, &batch).await[0]));
    act(&client, &retry.replace("retry", "cancel")).await;
    act(&client, &format!("/v1/batches/{}/cancel", id(&batch))).await;
    act(&client, &retry).await.expect_problem(409, "conflict");
    app.start_workers(jobs::Pool::ALL.to_vec());
    let over = ended(&client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"]),
        (&json!("cancelled"), &counts(2, 0, 0, 0, 2))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_batch_waits_for_it_also_when_it_is_retried() {
    let mut app = without_workers().await;
    let client = app.client.clone();
    let batch = submit(&client, json!({"jobs": [far()], "on_complete": noop()})).await;
    act(&client, &format!("/v1/batches/{}/cancel", id(&batch))).await;
    // It was cancelled, and somebody wants it after all.
    let step = batch["on_complete_job_id"].as_str().unwrap();
    let retried = act(&client, &format!("/v1/jobs/{step}/retry")).await;
    assert_eq!(retried.body["state"], "scheduled", "{}", retried.text);
    let ids = [store::JobId(step.parse().unwrap())];
    let claimed = store::jobs::claim(&app.context.system, &ids, "by-hand", Uuid::new_v4(), 60_000);
    assert!(claimed.await.unwrap().is_empty(), "it was given to a worker");
    app.start_workers(jobs::Pool::ALL.to_vec());
    let over = ended(&client, &batch).await;
    assert_eq!(
        (&over["state"], &over["counts"], &over["on_complete_state"]),
        (&json!("cancelled"), &counts(1, 0, 0, 0, 1), &json!("succeeded"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_unique_key_is_held_is_named_and_not_counted() {
    let app = TestApp::start().await;
    let client = &app.client;
    let keyed = |key: &str| json!({"kind": "diagnostics.noop", "unique_key": key, "run_at": far_ahead()});
    let holder = client.post("/v1/jobs", keyed("a")).await.body;
    let batch = submit(client, json!({"jobs": [noop(), keyed("b"), keyed("a"), keyed("b")]})).await;
    assert_eq!(batch["counts"]["total"], 2);
    let own = children(client, &batch).await;
    assert_eq!(
        batch["existing"],
        json!([{"index": 2, "job_id": holder["id"]}, {"index": 3, "job_id": own[1]["id"]}])
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_batch_is_said_at_once_and_nothing_is_submitted() {
    let app = TestApp::start().await;
    let refuse = async |body: Value, code: &str, fields: &[&str]| {
        let refused = app.client.post("/v1/batches", body).await;
        refused.expect_problem(422, code);
        let errors = refused.body["errors"].as_array().unwrap();
        let found: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(found, fields, "{}", refused.text);
    };
    let wrong = json!({"jobs": [noop(), {"priority": 9}, 3, {"kind": "diagnostics.noop", "x": 1}],
        "on_complete": {"kind": "diagnostics.noop", "run_at": far_ahead()}, "on_failure": "explode", "name": 7, "surplus": 1});
    refuse(
        wrong,
        "invalid",
        &[
            "name",
            "jobs.1.kind",
            "jobs.1.priority",
            "jobs.2",
            "jobs.3.x",
            "on_complete.run_at",
            "on_failure",
            "surplus",
        ],
    )
    .await;
    let sleep = json!({"kind": "diagnostics.sleep", "payload": {"ms": 1_u64 << 40}});
    let unknown = json!({"kind": "ingest_document"});
    refuse(
        json!({"jobs": [sleep, unknown, noop()], "on_complete": unknown}),
        "unknown_kind",
        &["jobs.0.payload.ms", "jobs.1.kind", "on_complete.kind"],
    )
    .await;
    refuse(json!({}), "invalid", &["jobs"]).await;
    refuse(json!({"jobs": []}), "invalid", &["jobs"]).await;
    refuse(json!({"jobs": vec![noop(); 1001]}), "invalid", &["jobs"]).await;
    assert_eq!(app.count("SELECT count(*) FROM jobs").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM batches").await, 0);
    let wrong = app.client.get("/v1/jobs?parent_id=x").await;
    wrong.expect_problem(400, "invalid_query");
    let publishable = app.client.with_key(Some(&app.publishable_key));
    let request = publishable
        .request(reqwest::Method::GET, "/v1/batches")
        .header("origin", "http://localhost");
    publishable.send(request).await.expect_problem(403, "forbidden");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_forgotten_with_its_jobs() {
    let app = TestApp::start().await;
    let batch = submit(&app.client, json!({"jobs": [noop()], "on_complete": noop()})).await;
    ended(&app.client, &batch).await;
    let retention = store::jobs::JobRetention {
        interactive_secs: 3600,
        days: -1,
    };
    store::jobs::sweep_batches(&app.context.system, retention, 100)
        .await
        .unwrap();
    assert_eq!(
        show(&app.client, &batch).await["state"],
        "succeeded",
        "its jobs are there"
    );
    let mut owner = app.database.owner().await;
    diesel_async::SimpleAsyncConnection::batch_execute(&mut owner, "DELETE FROM jobs; DELETE FROM job_bodies")
        .await
        .unwrap();
    store::jobs::sweep_batches(&app.context.system, retention, 100)
        .await
        .unwrap();
    let gone = app.client.get(&format!("/v1/batches/{}", id(&batch))).await;
    gone.expect_problem(404, "not_found");
    app.finish().await;
}
