//! Deliveries that nothing carries out, secrets that nothing opens, webhooks that were disabled.
use super::{examine, examine_with, named_and_mended, run, without_workers};
use crate::webhooks::{Hook, hook};
use serde_json::json;
use tests::{MASTER_KEY, Receiver, TestApp};

/// A webhook and the delivery of a test event to it.
async fn with_delivery(app: &TestApp, receiver: &Receiver) -> (Hook, String) {
    let hook = hook(&app.client, receiver, &["job.dead"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let delivery = hook.deliveries(&app.client).await[0]["id"].as_str().unwrap().to_owned();
    (hook, delivery)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_job_is_dead_or_gone_is_named_and_carried_out_under_its_id() {
    let (mut app, receiver) = (without_workers().await, Receiver::start(&[]).await);
    let (hook, delivery) = with_delivery(&app, &receiver).await;
    assert_eq!(examine(&app, &[]).health("deliveries"), "ok", "it has a job");
    run(&app, "UPDATE jobs SET state = 'dead', finished_at = now()").await;
    named_and_mended(&app, "deliveries", "problem", &delivery);
    run(&app, "DELETE FROM jobs").await;
    named_and_mended(&app, "deliveries", "problem", &delivery);
    app.start_workers(jobs::Pool::ALL.to_vec());
    hook.in_state(&app.client, "delivered").await;
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].is_signed_by(&hook.secret));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_given_up_on_purpose_is_left_alone() {
    let (app, receiver) = (without_workers().await, Receiver::start(&[]).await);
    with_delivery(&app, &receiver).await;
    run(&app, "UPDATE jobs SET state = 'cancelled', finished_at = now()").await;
    assert_eq!(examine(&app, &[]).health("deliveries"), "ok");
    run(
        &app,
        "UPDATE jobs SET state = 'dead'; UPDATE webhook_endpoints SET enabled = false",
    )
    .await;
    assert_eq!(examine(&app, &[]).health("deliveries"), "ok", "nothing would be sent");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_whose_secrets_the_master_key_does_not_open_are_named() {
    let (app, receiver) = (without_workers().await, Receiver::start(&[]).await);
    let other = "another-master-key-because-only-tests-use-it";
    let health = |keys: &[(&str, &str)]| {
        let found = examine_with(&app, &[], keys);
        let check = found.check("webhook_secrets").clone();
        (check["health"].as_str().unwrap().to_owned(), check.to_string())
    };
    assert_eq!(health(&[]).0, "ok", "there are no webhooks, so that no key is needed");
    let hook = hook(&app.client, &receiver, &["*"]).await;
    let (found, text) = health(&[]);
    assert!(found == "problem" && text.contains("no VISUALKIT_MASTER_KEY"), "{text}");
    let (found, text) = health(&[("VISUALKIT_MASTER_KEY", other)]);
    assert!(found == "problem" && text.contains(&hook.id), "{text}");
    assert_eq!(health(&[("VISUALKIT_MASTER_KEY", MASTER_KEY)]).0, "ok");
    let accepted = [
        ("VISUALKIT_MASTER_KEY", other),
        ("VISUALKIT_ACCEPTED_MASTER_KEYS", MASTER_KEY),
    ];
    assert_eq!(health(&accepted).0, "ok");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_disabled_because_it_failed_is_named_and_one_that_its_tenant_disabled_is_not() {
    let (app, receiver) = (without_workers().await, Receiver::start(&[]).await);
    let hook = hook(&app.client, &receiver, &["*"]).await;
    let disable = app.client.request(reqwest::Method::PATCH, &hook.path(""));
    app.client.send(disable.json(&json!({"enabled": false}))).await;
    assert_eq!(examine(&app, &[]).health("disabled_webhooks"), "ok");
    run(
        &app,
        "UPDATE webhook_endpoints SET disabled_reason = 'failing', disabled_at = now()",
    )
    .await;
    let found = examine(&app, &[]);
    let check = found.check("disabled_webhooks");
    assert_eq!(check["health"], "warning", "{check:#}");
    let named = check["examples"][0].as_str().unwrap();
    assert!(named.starts_with(&hook.id) && named.contains("failing"), "{named}");
    app.abandon().await;
}
