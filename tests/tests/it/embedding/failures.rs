use super::{DIMENSIONS, app_with, base_of, submit};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{EmbeddingMischief, EmbeddingVendor, TestApp};

/// Ingests while this goes wrong; returns the job's end and how many calls there were.
async fn ingest_through(mischief: Vec<EmbeddingMischief>, model: &str, dimensions: usize) -> (Value, usize, TestApp) {
    let vendor = EmbeddingVendor::start(dimensions, 64).await;
    let app = app_with(&vendor, &[]).await;
    vendor.expect(mischief);
    let base = base_of(&app, model).await;
    let job = submit(&app, &base, "The lamp burns whale oil.").await;
    let ended = app.client.ended_within(&job, Duration::from_secs(60)).await;
    (ended, vendor.calls().len(), app)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_sound_is_not_stored_and_is_asked_for_again() {
    let mischief = vec![EmbeddingMischief::TooFew, EmbeddingMischief::CutOff];
    let (ended, calls, app) = ingest_through(mischief, "mine", DIMENSIONS).await;
    assert_eq!((&ended["state"], calls), (&json!("succeeded"), 3), "{ended}");
    assert_eq!(ended["attempts"].as_array().map(Vec::len), Some(3), "{ended}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_of_another_length_end_the_job_and_say_what_to_correct() {
    let (ended, calls, app) = ingest_through(vec![EmbeddingMischief::OtherDimensions], "mine", DIMENSIONS).await;
    assert_eq!((&ended["state"], calls), (&json!("dead"), 1), "{ended}");
    let message = ended["error"]["message"].as_str().unwrap();
    assert!(message.contains("255 numbers") && message.contains("256"), "{message}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_asks_to_wait_is_left_alone_that_long_and_no_attempt_is_used() {
    let wait = Some(("retry-after", "2"));
    let started = Instant::now();
    let refusal = EmbeddingMischief::Refusal(
        429,
        wait,
        json!({"error": {"message": "slow down", "type": "requests"}}),
    );
    let (ended, calls, app) = ingest_through(vec![refusal], "mine", DIMENSIONS).await;
    assert_eq!((&ended["state"], calls), (&json!("succeeded"), 2), "{ended}");
    assert_eq!(ended["attempts"].as_array().map(Vec::len), Some(1), "{ended}");
    assert!(started.elapsed() >= Duration::from_secs(2));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gemini_says_in_its_body_how_long_to_wait() {
    let details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.2s"}]);
    let body = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota", "details": details}});
    let started = Instant::now();
    let refusal = EmbeddingMischief::Refusal(429, None, body);
    let (ended, calls, app) = ingest_through(vec![refusal], "gemini-embedding-001", 1536).await;
    assert_eq!((&ended["state"], calls), (&json!("succeeded"), 2), "{ended}");
    assert!(
        started.elapsed() >= Duration::from_secs(2),
        "rounded up to whole seconds"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_is_used_up_at_the_vendor_is_not_waited_for() {
    let body = json!({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}});
    let refusal = EmbeddingMischief::Refusal(429, None, body);
    let (ended, calls, app) = ingest_through(vec![refusal], "text-embedding-3-small", 1536).await;
    assert_eq!((&ended["state"], calls), (&json!("dead"), 1), "{ended}");
    let message = ended["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("402") && message.contains("insufficient_quota"),
        "{message}"
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_is_down_or_slow_is_tried_again() {
    let mischief = vec![
        EmbeddingMischief::Refusal(500, None, json!({"error": "internal"})),
        EmbeddingMischief::Late(Duration::from_secs(4)),
    ];
    let (ended, calls, app) = ingest_through(mischief, "mine", DIMENSIONS).await;
    assert_eq!((&ended["state"], calls), (&json!("succeeded"), 3), "{ended}");
    app.finish().await;
}
