use serde_json::Value;
use tests::{Receiver, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_handled_from_the_command_line() {
    let (app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    let run = async |arguments: &[&str]| app.client.visualkit(&[&["webhooks"], arguments].concat()).await;
    let made = run(&["create", &receiver.url, "--events", "job.dead,document.*"]).await;
    let (id, secret) = (made.split(' ').next().unwrap(), made.trim().rsplit(' ').next().unwrap());
    assert!(secret.starts_with("whsec_"), "{made}");
    assert!(run(&["list"]).await.contains("enabled"));
    let listed: Value = serde_json::from_str(&run(&["list", "--json"]).await).unwrap();
    assert_eq!(listed[0]["id"], id, "{listed}");
    let tried = run(&["test", id]).await;
    assert!(receiver.receive(1).await[0].is_signed_by(secret));
    let hook = super::Hook {
        id: id.to_owned(),
        secret: secret.to_owned(),
    };
    hook.in_state(&app.client, "delivered").await;
    let log = run(&["deliveries", id, "--state", "delivered"]).await;
    assert!(log.contains("webhook.test") && log.contains("200"), "{log}");
    run(&["replay", id, tried.split(' ').next().unwrap()]).await;
    receiver.receive(2).await;
    hook.in_state(&app.client, "delivered").await;
    assert!(run(&["rotate", id]).await.contains("whsec_"));
    assert!(run(&["disable", id]).await.contains("disabled"));
    assert!(run(&["enable", id]).await.contains("enabled"));
    assert_eq!(run(&["delete", id]).await, "deleted\n");
    app.finish().await;
}
