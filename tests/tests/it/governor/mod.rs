//! Calls to the outside, each on the budget of a credential.
mod budgets;
mod circuit;
mod installation;
mod learning;
mod money;
mod places;
mod rates;
mod redis_away;
mod stopped;
mod waiting;

use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, TestApp, TestOptions, eventually};

/// Jobs look again after a second at the latest, so that changes show soon.
async fn app(settings: &[(&'static str, &str)]) -> TestApp {
    let mut all = vec![
        ("governor.longest_snooze_secs", "1".to_owned()),
        ("outgoing.timeout_secs", "2".to_owned()),
    ];
    all.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
    TestApp::start_with(TestOptions {
        settings: all,
        ..TestOptions::default()
    })
    .await
}

async fn declare(client: &Client, credential: &str, budget: Value) -> Value {
    let put = client.request(Method::PUT, &format!("/v1/budgets/{credential}"));
    let answered = client.send(put.json(&budget)).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    answered.body
}

/// A job that calls the vendor with the credential `vendor`; `more` is further payload.
async fn submit(client: &Client, url: &str, more: Value) -> String {
    let mut payload = json!({"url": format!("{url}/calls"), "key": "k", "credential": "vendor"});
    for (name, value) in more.as_object().unwrap() {
        payload[name] = value.clone();
    }
    let submitted = client
        .post("/v1/jobs", json!({"kind": "diagnostics.call", "payload": payload}))
        .await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn submit_many(client: &Client, url: &str, count: usize) -> Vec<String> {
    let mut jobs = Vec::with_capacity(count);
    for _ in 0..count {
        jobs.push(submit(client, url, json!({})).await);
    }
    jobs
}

/// All succeed, at their first attempt.
async fn all_succeed_at_once(client: &Client, jobs: &[String], limit: Duration) {
    for job in jobs {
        let ended = client.ended_within(job, limit).await;
        assert_eq!(
            (
                &ended["state"],
                &ended["attempt"],
                ended["attempts"].as_array().map(Vec::len)
            ),
            (&json!("succeeded"), &json!(1), Some(1)),
            "{ended}"
        );
    }
}

/// Waits until the job is put off, and returns what it says of it.
pub(crate) async fn put_off(client: &Client, job: &str) -> Value {
    let path = format!("/v1/jobs/{job}/why");
    eventually("it is put off", Duration::from_secs(10), || async {
        let reason = client.get(&path).await.body["blocked_by"][0]["reason"].clone();
        reason == "rate_limit" || reason == "budget"
    })
    .await;
    loop {
        // It may be looking again at this very moment.
        let blocker = client.get(&path).await.body["blocked_by"][0].clone();
        if blocker["reason"] == "rate_limit" || blocker["reason"] == "budget" {
            return blocker;
        }
    }
}

async fn budget(client: &Client, credential: &str) -> Value {
    let listed = client.get("/v1/budgets").await;
    assert_eq!(listed.status.as_u16(), 200, "{}", listed.text);
    let found = listed.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|budget| budget["credential"] == credential);
    found.cloned().unwrap_or(Value::Null)
}

/// Deletes every key of this test's Redis, as a wipe would.
pub(crate) async fn wipe_redis(app: &TestApp) {
    let (settings, mut redis) = (&app.context.settings.redis, app.redis_connection().await);
    let mut keys = Vec::new();
    for pattern in [format!("{{{}:*", settings.prefix), format!("{}:*", settings.prefix)] {
        let found: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
        keys.extend(found);
    }
    assert!(!keys.is_empty());
    let () = redis::cmd("DEL").arg(keys).query_async(&mut redis).await.unwrap();
}
