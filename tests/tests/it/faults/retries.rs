use super::enqueue::enqueue_one;
use super::rows::Rows;
use jobs::EnqueueOptions;
use jobs::kinds::diagnostics::Fail;
use serde_json::{Value, json};
use std::time::Duration;
use tests::TestApp;

async fn ended(app: &TestApp, fail: Fail, max_attempts: i16) -> Value {
    let options = EnqueueOptions {
        max_attempts: Some(max_attempts),
        ..EnqueueOptions::default()
    };
    let job = enqueue_one(app, &fail, &options).await;
    app.context.queue.push(std::slice::from_ref(&job)).await;
    app.client.ended(&job.id.to_string()).await
}

/// From the end of each attempt to the start of the next, in milliseconds.
async fn pauses_ms(app: &TestApp) -> Vec<i64> {
    let select = "SELECT (extract(epoch FROM started_at - lag(ended_at) OVER (ORDER BY started_at)) * 1000)::bigint FROM job_attempts";
    Rows::of(app)
        .texts(select)
        .await
        .iter()
        .map(|ms| ms.parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_followed_by_another_within_the_back_off() {
    let app = TestApp::start().await;
    let job = ended(
        &app,
        Fail {
            times: 2,
            permanent: false,
            retry_after_ms: None,
        },
        5,
    )
    .await;
    assert_eq!(
        (&job["state"], &job["attempt"], &job["error"]),
        (&json!("succeeded"), &json!(3), &Value::Null),
        "{job}"
    );
    // Full jitter: at most 2 s after the first failure and 4 s after the second, and what it takes to look.
    let pauses = pauses_ms(&app).await;
    assert!(pauses[0] <= 2000 + 3000 && pauses[1] <= 4000 + 3000, "{pauses:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_waits_as_long_as_it_was_told_to() {
    let app = TestApp::start().await;
    // Longer than the back-off after a first failure could be.
    let fail = Fail {
        times: 1,
        permanent: false,
        retry_after_ms: Some(3500),
    };
    let job = ended(&app, fail, 5).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let pauses = pauses_ms(&app).await;
    assert!(
        pauses.len() == 1 && (3500..3500 + 5000).contains(&pauses[0]),
        "{pauses:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_is_the_last_attempt() {
    let app = TestApp::start().await;
    let job = ended(
        &app,
        Fail {
            times: 1,
            permanent: true,
            retry_after_ms: None,
        },
        5,
    )
    .await;
    assert_eq!(
        (&job["state"], &job["attempt"], &job["error"]["retryable"]),
        (&json!("dead"), &json!(1), &json!(false)),
        "{job}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_out_of_attempts_is_dead_until_someone_retries_it() {
    let app = TestApp::start().await;
    let job = ended(
        &app,
        Fail {
            times: 3,
            permanent: false,
            retry_after_ms: Some(10),
        },
        3,
    )
    .await;
    assert_eq!(
        (&job["state"], &job["attempt"], &job["error"]["code"]),
        (&json!("dead"), &json!(3), &json!("diagnostic")),
        "{job}"
    );
    let id = job["id"].as_str().unwrap();
    assert_eq!(
        app.client.post(&format!("/v1/jobs/{id}/retry"), json!({})).await.status,
        202
    );
    // The new run counts from 0 again, and fails as the first did.
    let again = app.client.ended_within(id, Duration::from_secs(30)).await;
    assert_eq!(
        (&again["state"], &again["attempt"]),
        (&json!("dead"), &json!(3)),
        "{again}"
    );
    assert_eq!(again["attempts"].as_array().unwrap().len(), 6, "{again}");
    app.abandon().await;
}
