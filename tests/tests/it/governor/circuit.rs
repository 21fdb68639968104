use super::{all_succeed_at_once, app, budget, put_off, submit};
use serde_json::json;
use std::time::Duration;
use tests::Behaviour::{Act, ActAndAnswer, Refuse};
use tests::FakeVendor;

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_fails_is_left_alone_tried_by_one_job_and_used_again() {
    let app = app(&[("governor.failures_to_open", "3"), ("governor.open_secs", "3")]).await;
    let vendor = FakeVendor::start(&[ActAndAnswer(500); 4]).await;
    for _ in 0..3 {
        let job = submit(&app.client, &vendor.url, json!({})).await;
        assert_eq!(app.client.ended(&job).await["state"], "dead");
    }
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(submit(&app.client, &vendor.url, json!({})).await);
    }
    for job in &jobs {
        let why = put_off(&app.client, job).await;
        assert_eq!(why["reason"], "rate_limit", "{why}");
        assert!(why["detail"].as_str().unwrap().contains("limit: circuit"), "{why}");
    }
    assert_eq!(vendor.calls().len(), 3, "nothing is called while the circuit is open");
    let open = budget(&app.client, "vendor").await;
    assert_eq!(open["current"]["circuit"], "open", "{open}");
    assert!(open["current"]["circuit_open_until"].is_string(), "{open}");
    // The trial fails, and only the one that made it pays for that; it stays open for twice as long.
    let mut states = Vec::new();
    for job in &jobs {
        let ended = app.client.ended_within(job, Duration::from_secs(40)).await;
        states.push((ended["state"].clone(), ended["attempt"].clone()));
    }
    let dead = states.iter().filter(|(state, _)| *state == "dead").count();
    assert_eq!((dead, vendor.calls().len()), (1, 8), "{states:?}");
    assert!(states.iter().all(|(_, attempt)| *attempt == 1), "{states:?}");
    let closed = budget(&app.client, "vendor").await;
    assert_eq!(closed["current"]["circuit"], "closed", "{closed}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_the_requests_fault_opens_nothing() {
    let app = app(&[("governor.failures_to_open", "2")]).await;
    let script = [Refuse(422), ActAndAnswer(500), Refuse(404), ActAndAnswer(500), Act];
    let vendor = FakeVendor::start(&script).await;
    for _ in 0..4 {
        let job = submit(&app.client, &vendor.url, json!({})).await;
        assert_eq!(app.client.ended(&job).await["state"], "dead");
    }
    let job = submit(&app.client, &vendor.url, json!({})).await;
    all_succeed_at_once(&app.client, &[job], Duration::from_secs(10)).await;
    app.abandon().await;
}

/// Where a person has said that it was made, nothing is left to be called.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_made_before_waits_for_no_circuit() {
    let app = app(&[("governor.failures_to_open", "2"), ("governor.open_secs", "600")]).await;
    let vendor = FakeVendor::start(&[ActAndAnswer(500); 2]).await;
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let job = submit(&app.client, &vendor.url, json!({})).await;
        assert_eq!(app.client.ended(&job).await["state"], "dead");
        jobs.push(job);
    }
    let open = budget(&app.client, "vendor").await;
    assert_eq!(open["current"]["circuit"], "open", "{open}");
    for (decision, made) in [("assume_done", true), ("repeat", false)] {
        let job = jobs.pop().unwrap();
        let retried = app
            .client
            .post(&format!("/v1/jobs/{job}/retry"), json!({"effect": decision}))
            .await;
        assert!(retried.status.is_success(), "{}", retried.text);
        if made {
            let ended = app.client.ended_within(&job, Duration::from_secs(10)).await;
            assert_eq!(ended["state"], "succeeded", "{ended}");
        } else {
            put_off(&app.client, &job).await;
        }
    }
    assert_eq!(vendor.calls().len(), 2);
    app.abandon().await;
}
