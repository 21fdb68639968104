//! Every attempt at a job, also of one that has had very many.
use super::events::follow;
use super::jobs::{submit, without_workers};
use serde_json::{Value, json};
use tests::{Client, TestApp};

/// 120 attempts that were handed back in a first run, and 5 that failed in a second one.
async fn with_attempts(app: &TestApp) -> String {
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.execute(
        "WITH tried AS (UPDATE jobs SET run = 2, attempt_started_at = now() + interval '125 seconds' RETURNING tenant_id, id)
         INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome)
         SELECT tenant_id, id, 1 + n / 121, 1, n::text, now() + n * interval '1 second', now() + n * interval '1 second',
                CASE WHEN n > 120 THEN 'failed' ELSE 'handed_back' END
         FROM tried, generate_series(1, 125) n",
    )
    .await;
    job
}

/// The workers of all attempts, page by page.
async fn workers(client: &Client, job: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client
            .get(&format!("/v1/jobs/{job}/attempts?limit={limit}{cursor}"))
            .await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        let attempts = page.body["data"].as_array().unwrap();
        found.extend(
            attempts
                .iter()
                .map(|attempt| attempt["worker"].as_str().unwrap().to_owned()),
        );
        assert!(found.len() < 1000, "the list has no end");
        match page.body["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(attempts.len(), limit, "only the last page is shorter");
                cursor = format!("&cursor={next}");
            }
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_is_listed_the_newest_first() {
    let app = without_workers().await;
    let job = with_attempts(&app).await;
    let all: Vec<String> = (1..=125).rev().map(|number: u32| number.to_string()).collect();
    for limit in [7, 25, 100] {
        assert_eq!(workers(&app.client, &job, limit).await, all, "pages of {limit}");
    }
    let page = app.client.get(&format!("/v1/jobs/{job}/attempts?limit=1")).await.body;
    let (shown, newest) = (app.client.get(&format!("/v1/jobs/{job}")).await.body, &page["data"][0]);
    let of_job = shown["attempts"].as_array().unwrap();
    assert_eq!(Some(newest), of_job.last(), "as the job itself shows it");
    let text = app.client.visualkit(&["jobs", "attempts", &job, "--limit", "3"]).await;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("run 2  attempt 1  failed on 125"), "{text}");
    assert!(lines.len() == 4 && lines[3].starts_with("more: --cursor "), "{text}");

    let path = format!("/v1/jobs/{job}/attempts");
    for cursor in ["x", "00000000000000000000000000000000"] {
        let refused = app.client.get(&format!("{path}?cursor={cursor}")).await;
        refused.expect_problem(400, "invalid_cursor");
    }
    app.client
        .get(&format!("{path}?limit=0"))
        .await
        .expect_problem(400, "invalid_query");
    app.client_b.get(&path).await.expect_problem(404, "not_found");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_ends_between_two_pages_is_listed_once() {
    let app = without_workers().await;
    let job = with_attempts(&app).await;
    app.execute(
        "UPDATE jobs SET state = 'running', run = 2, attempt = 6, worker = 'current', lease_token = gen_random_uuid(), started_at = now(),
                attempt_started_at = now() + interval '1 hour', lease_until = now() + interval '1 hour'",
    )
    .await;
    let path = format!("/v1/jobs/{job}/attempts?limit=1");
    let first = app.client.get(&path).await.body;
    let running = &first["data"][0];
    assert_eq!(
        [
            &running["worker"],
            &running["attempt"],
            &running["ended_at"],
            &running["outcome"]
        ],
        [&json!("current"), &json!(6), &Value::Null, &Value::Null]
    );
    let end = "INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome)
         SELECT tenant_id, id, run, attempt, worker, attempt_started_at, now(), 'failed' FROM jobs";
    app.execute(end).await;
    // What the end itself would set; until it is seen, the attempt is in both places.
    let twice = app.client.get(&format!("/v1/jobs/{job}/attempts?limit=2")).await.body;
    assert_eq!(twice["data"][1]["worker"], "125", "{twice}");
    app.execute("UPDATE jobs SET state = 'retryable', worker = NULL, lease_token = NULL, lease_until = NULL")
        .await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.client.get(&format!("{path}&cursor={cursor}")).await.body;
    assert_eq!(second["data"][0]["worker"], "125", "{second}");
    let anew = app.client.get(&path).await.body;
    assert_eq!(anew["data"][0]["outcome"], "failed", "{anew}");
    app.abandon().await;
}

/// The workers of the attempts that a job is shown with.
fn shown(job: &Value) -> String {
    let attempts = job["attempts"].as_array().unwrap().iter();
    let workers: Vec<&str> = attempts.map(|attempt| attempt["worker"].as_str().unwrap()).collect();
    workers.join(" ")
}

/// Jobs are read before their attempts, each in a snapshot of its own: what a reader finds who has the job as it was, and attempts that ended since.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_shown_with_the_attempts_that_had_ended_when_it_was_read() {
    let app = without_workers().await;
    let job = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    // Two in the first run, one in the second.
    app.execute(
        "INSERT INTO job_attempts (tenant_id, job_id, run, attempt, worker, started_at, ended_at, outcome)
         SELECT tenant_id, id, 1 + n / 3, 1, n::text, timestamptz '2026-01-01 00:00Z' + n * interval '1 minute', timestamptz '2026-01-01 01:00Z', 'failed'
         FROM jobs, generate_series(1, 3) n",
    )
    .await;
    for (state, run, began, known) in [
        ("queued", 1, "NULL", ""),
        ("running", 1, "1", "now"),
        ("retryable", 1, "1", "1"),
        ("running", 1, "2", "1 now"),
        ("dead", 1, "2", "1 2"),
        // Retried by hand: it names what it did last until it does something again.
        ("queued", 2, "2", "1 2"),
        ("running", 2, "3", "1 2 now"),
        ("dead", 2, "3", "1 2 3"),
    ] {
        app.execute(&format!(
            "UPDATE jobs SET state = '{state}', run = {run}, worker = 'now', attempt_started_at = timestamptz '2026-01-01 00:00Z' + {began} * interval '1 minute',
                    lease_token = CASE WHEN '{state}' = 'running' THEN gen_random_uuid() END, lease_until = CASE WHEN '{state}' = 'running' THEN now() + interval '1 hour' END,
                    finished_at = CASE WHEN '{state}' = 'dead' THEN now() END"
        ))
        .await;
        let one = app.client.get(&format!("/v1/jobs/{job}")).await.body;
        assert_eq!(shown(&one), known, "{one}");
        let listed = app.client.get("/v1/jobs").await.body;
        assert_eq!(shown(&listed["data"][0]), known, "{listed}");
        if state == "dead" {
            let told = follow(&app.client, &job, None).await;
            assert_eq!(shown(&told.last().unwrap().job), known);
        }
    }
    app.abandon().await;
}
