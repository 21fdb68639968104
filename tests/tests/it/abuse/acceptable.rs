use serde_json::Value;
use tests::{Answered, TestApp};

/// Asserts that the answer is a success, or a problem of the client's that says which.
pub(super) fn assert_acceptable(answered: &Answered, what: &str) {
    let status = answered.status.as_u16();
    assert!(status < 500, "{what}: {status} {}", answered.text);
    if answered.status.is_client_error() {
        let code = answered.body["code"]
            .as_str()
            .unwrap_or_else(|| panic!("{what}: no problem: {}", answered.text));
        answered.expect_problem(status, code);
        if status == 422 {
            let errors = answered.body["errors"].as_array().map_or(0, Vec::len);
            assert!(errors > 0, "{what}: which field? {}", answered.text);
        }
    }
}

/// Asserts that the job ended, well or for a reason that the client can understand.
pub(super) fn assert_ended(job: &Value, reasons: &[&str], what: &str) {
    match job["state"].as_str() {
        Some("succeeded") => {}
        Some("dead") => {
            let code = job["error"]["code"].as_str().unwrap_or("none");
            assert!(reasons.contains(&code), "{what}: {}", job["error"]);
        }
        _ => panic!("{what}: {job}"),
    }
}

/// Asserts that the system is as well as it was: it still answers, nothing hangs, and nothing panicked.
pub(super) async fn assert_well(app: &TestApp) {
    let done = app
        .client
        .post_waiting("/v1/jobs", serde_json::json!({"kind": "diagnostics.noop"}), 20)
        .await;
    assert_eq!(done.body["state"], "succeeded", "{}", done.text);
    let panicked =
        "SELECT count(*) FROM job_attempts WHERE error->>'code' IN ('panicked', 'unreadable', 'worker_lost')";
    assert_eq!(app.count(panicked).await, 0);
    assert_eq!(
        app.count("SELECT count(*) FROM jobs WHERE state NOT IN ('succeeded', 'dead', 'cancelled')")
            .await,
        0
    );
}
