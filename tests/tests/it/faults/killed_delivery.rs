use super::deployment::Deployment;
use crate::webhooks::hook;
use serde_json::json;
use tests::{Answer, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_worker_is_killed_is_made_by_another_under_the_same_id() {
    let system = Deployment::start(&[]).await;
    let _api = system.serve().await;
    let receiver = Receiver::start(&[Answer::Silence]).await;
    let hook = hook(&system.client, &receiver, &["*"]).await;
    let mut killed = system.launch(&["worker", "--pools", "delivery"], &[]).await;
    system.client.post(&hook.path("/test"), json!({})).await;
    receiver.receive(1).await;
    killed.signal("KILL");
    assert!(!killed.wait(), "a killed process does not end cleanly");
    let _other = system.launch(&["worker", "--pools", "delivery"], &[]).await;
    let told = receiver.receive(2).await;
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert!(told.iter().all(|one| one.is_signed_by(&hook.secret)));
    let delivered = hook.in_state(&system.client, "delivered").await;
    assert_eq!(
        delivered["attempts"].as_array().unwrap().len(),
        1,
        "of the killed attempt nothing is known"
    );
}
