//! How long jobs are kept after their end, and what becomes of dead letters that nobody looks after.
use crate::upkeep::make_week;
use config::DispatchSettings;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::{TestApp, TestOptions};

/// Long ago; each with its Monday.
const WEEKS: [(&str, &str); 4] = [
    ("2020w10", "2020-03-02"),
    ("2020w11", "2020-03-09"),
    ("2020w12", "2020-03-16"),
    ("2020w13", "2020-03-23"),
];

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

fn id(job: &Value) -> String {
    job["id"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned()
}

async fn submit(app: &TestApp) -> String {
    id(&app
        .client
        .post("/v1/jobs", json!({"kind": "diagnostics.noop"}))
        .await
        .body)
}

async fn submit_document(app: &TestApp, base: &str) -> Value {
    let document = json!({"title": "Lantern", "content": "The lantern burns.", "mime_type": "text/plain"});
    let path = format!("/v1/knowledge-bases/{base}/documents");
    app.client.post(&path, document).await.body
}

/// The state of the job's document, and the code of its error.
async fn said(app: &TestApp, job: &Value) -> (Value, Value) {
    let path = format!("/v1/documents/{}", job["document_id"].as_str().unwrap());
    let document = app.client.get(&path).await.body;
    (document["state"].clone(), document["error"]["code"].clone())
}

async fn run(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

/// Puts a job, with what is known of it, into the week as if it had been made then; returns the id that it has there.
async fn put_back(app: &TestApp, job: &str, (week, monday): (&str, &str)) -> String {
    make_week(app, week, &format!("timestamptz '{monday} 00:00Z'")).await;
    let made = format!("timestamptz '{monday} 00:00Z' + interval '2 days'");
    let id = format!("SELECT uuid_of_instant({made})::text AS text");
    let id = app.texts(&id).await.remove(0);
    run(
        app,
        &format!(
            "UPDATE jobs SET id = '{id}', created_at = {made} WHERE id = '{job}';
             UPDATE job_bodies SET job_id = '{id}' WHERE job_id = '{job}';
             UPDATE effects SET job_id = '{id}' WHERE job_id = '{job}';
             UPDATE documents SET job_id = '{id}' WHERE job_id = '{job}';
             UPDATE deletions SET id = '{id}' WHERE id = '{job}'"
        ),
    )
    .await;
    id
}

/// As often as there are weeks: one goes at a time.
async fn sweep(app: &TestApp, dispatch: &DispatchSettings) {
    for _ in WEEKS {
        workers::sweep_all(&app.context.system, dispatch).await.unwrap();
    }
}

async fn dead_letters(app: &TestApp) -> Vec<String> {
    let listed = app.client.get("/v1/dead-letters").await;
    listed.body["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ended_long_after_it_was_made_is_kept_for_its_days_from_its_end() {
    let app = without_workers().await;
    let job = put_back(&app, &submit(&app).await, WEEKS[0]).await;
    let path = format!("/v1/jobs/{job}");
    for (ago, status) in [("1 minute", 200), ("89 days", 200), ("91 days", 404)] {
        let ended = format!("UPDATE jobs SET state = 'succeeded', finished_at = now() - interval '{ago}'");
        run(&app, &ended).await;
        sweep(&app, &app.context.settings.dispatch).await;
        let found = app.client.get(&path).await;
        assert_eq!(found.status.as_u16(), status, "{ago} after its end: {}", found.text);
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_job_is_kept_no_longer_says_that_and_not_that_it_was_cancelled() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let job = submit_document(&app, &base).await;
    app.client
        .post(&format!("/v1/jobs/{}/cancel", id(&job)), Value::Null)
        .await;
    assert_eq!(said(&app, &job).await, (json!("failed"), json!("cancelled")));
    put_back(&app, &id(&job), WEEKS[0]).await;
    run(&app, "UPDATE jobs SET finished_at = now() - interval '91 days'").await;
    assert_eq!(said(&app, &job).await, (json!("failed"), json!("cancelled")));
    sweep(&app, &app.context.settings.dispatch).await;
    assert_eq!(said(&app, &job).await, (json!("failed"), json!("forgotten")));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_that_nobody_looks_after_are_given_up_but_for_those_that_need_a_person() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let ingest = submit_document(&app, &base).await;
    let other = app.client.knowledge_base("other").await;
    let deletion = id(&app.client.delete(&format!("/v1/knowledge-bases/{other}")).await.body);
    let (unknown, young, here) = (submit(&app).await, submit(&app).await, submit(&app).await);
    run(
        &app,
        &format!(
            "UPDATE jobs SET state = 'dead', attempt = 1, finished_at = now() - interval '31 days';
             UPDATE jobs SET finished_at = now() - interval '29 days' WHERE id = '{young}';
             UPDATE job_bodies SET error = '{{\"code\": \"encrypted_pdf\", \"message\": \"It is encrypted.\", \"retryable\": false}}';
             INSERT INTO effects (tenant_id, job_id, step, request_hash, state)
             SELECT tenant_id, id, 'call', sha256('request'), 'unknown' FROM jobs WHERE id = '{unknown}'"
        ),
    )
    .await;
    let gone = put_back(&app, &id(&ingest), WEEKS[0]).await;
    let deletion = put_back(&app, &deletion, WEEKS[1]).await;
    let unknown = put_back(&app, &unknown, WEEKS[2]).await;
    let young = put_back(&app, &young, WEEKS[3]).await;

    let after = |dead_letter_retention_days| DispatchSettings {
        job_retention_days: 7,
        dead_letter_retention_days,
        ..app.context.settings.dispatch.clone()
    };
    sweep(&app, &after(0)).await;
    let all = [&here, &young, &unknown, &deletion, &gone].map(String::clone);
    assert_eq!(dead_letters(&app).await, all, "never is never");
    assert_eq!(said(&app, &ingest).await, (json!("failed"), json!("encrypted_pdf")));

    sweep(&app, &after(30)).await;
    assert_eq!(dead_letters(&app).await, [young, unknown, deletion]);
    let job = app.client.get(&format!("/v1/jobs/{here}")).await.body;
    assert_eq!(
        (&job["state"], &job["discarded"]["reason"]),
        (
            &json!("dead"),
            &json!("Nobody replayed or discarded it within 30 days.")
        ),
        "{job}"
    );
    let forgotten = app.client.get(&format!("/v1/jobs/{gone}")).await;
    forgotten.expect_problem(404, "not_found");
    assert_eq!(said(&app, &ingest).await, (json!("failed"), json!("forgotten")));
    let retried = app.client.post(&format!("/v1/jobs/{here}/retry"), Value::Null).await;
    assert_eq!(retried.status.as_u16(), 202, "{}", retried.text);
    app.abandon().await;
}
