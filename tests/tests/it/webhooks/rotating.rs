//! Secrets that are replaced again before the time of the one before is over.
use super::{Hook, hook};
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::{MASTER_KEY, Received, Receiver, TestApp};

async fn rotated(app: &TestApp, hook: &Hook) -> String {
    let rotated = app.client.post(&hook.path("/rotate-secret"), json!({})).await;
    assert_eq!(rotated.status.as_u16(), 200, "{}", rotated.text);
    rotated.body["secret"].as_str().unwrap().to_owned()
}

/// Sends a test event; what arrived.
async fn told(app: &TestApp, hook: &Hook, receiver: &Receiver) -> Received {
    let before = receiver.received().len();
    app.client.post(&hook.path("/test"), json!({})).await;
    let told = receiver.receive(before + 1).await.remove(before);
    hook.in_state(&app.client, "delivered").await;
    told
}

fn signing(told: &Received, secrets: &[String]) -> Vec<bool> {
    secrets.iter().map(|secret| told.is_signed_by(secret)).collect()
}

async fn owner(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_signs_until_its_own_time_is_over_however_often_it_was_replaced() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let mut secrets = vec![hook.secret.clone()];
    for _ in 0..3 {
        secrets.push(rotated(&app, &hook).await);
    }
    let all = told(&app, &hook, &receiver).await;
    assert_eq!(signing(&all, &secrets), [true; 4], "{all:?}");
    let first = all.header("webhook-signature").split(' ').count();
    assert_eq!(first, 4, "each once: {all:?}");

    // The first one's is over.
    owner(
        &app,
        "UPDATE webhook_endpoints SET older_secrets_until[2] = now() WHERE cardinality(older_secrets) = 2",
    )
    .await;
    let later = told(&app, &hook, &receiver).await;
    assert_eq!(signing(&later, &secrets), [false, true, true, true], "{later:?}");
    // A rotation forgets it, and keeps the others.
    secrets.push(rotated(&app, &hook).await);
    let last = told(&app, &hook, &receiver).await;
    assert_eq!(signing(&last, &secrets), [false, true, true, true, true], "{last:?}");
    assert_eq!(
        app.count("SELECT cardinality(older_secrets)::bigint AS count FROM webhook_endpoints")
            .await,
        2
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_earlier_secrets_sign_at_most_and_a_further_rotation_waits_for_the_oldest() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let mut secrets = vec![hook.secret.clone()];
    for _ in 0..5 {
        secrets.push(rotated(&app, &hook).await);
    }
    let refused = app.client.post(&hook.path("/rotate-secret"), json!({})).await;
    refused.expect_problem(409, "conflict");
    assert!(!refused.text.contains("whsec_"), "{}", refused.text);
    let all = told(&app, &hook, &receiver).await;
    assert_eq!(signing(&all, &secrets), [true; 6], "nothing has changed: {all:?}");
    owner(&app, "UPDATE webhook_endpoints SET older_secrets_until[4] = now()").await;
    secrets.push(rotated(&app, &hook).await);
    let all = told(&app, &hook, &receiver).await;
    let still = [false, true, true, true, true, true, true];
    assert_eq!(signing(&all, &secrets), still, "{all:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_secret_that_no_key_opens_is_told_of_and_goes_with_the_next_rotation() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["job.dead"]).await;
    let mut secrets = vec![hook.secret.clone()];
    for _ in 0..2 {
        secrets.push(rotated(&app, &hook).await);
    }
    owner(&app, "UPDATE webhook_endpoints SET older_secrets[1] = 'broken'").await;
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.push(("VISUALKIT_MASTER_KEY", MASTER_KEY));
    let (_, examined, complained) = tests::Process::outcome(&["doctor", "--json"], &environment);
    let examined: Value = serde_json::from_str(&examined).unwrap_or_else(|error| panic!("{error}: {complained}"));
    let checks = examined["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "webhook_secrets").unwrap();
    assert!(check.to_string().contains(&hook.id), "{check:#}");
    secrets.push(rotated(&app, &hook).await);
    let told = told(&app, &hook, &receiver).await;
    assert_eq!(signing(&told, &secrets), [false, true, true, true], "{told:?}");
    app.finish().await;
}
