use super::hook;
use integrations::http::{GuardedClient, HttpLimits, OutboundPolicy};
use jobs::Pool;
use serde_json::json;
use tests::{Answer, Receiver, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let elsewhere = Receiver::start(&[]).await;
    let receiver = Receiver::start(&[Answer::With(307, "location", elsewhere.url.clone())]).await;
    let app = TestApp::start().await;
    let hook = hook(&app.client, &receiver, &["*"]).await;
    app.client.post(&hook.path("/test"), json!({})).await;
    let attempted = hook.attempted(&app.client, 1).await;
    assert_eq!(
        (&attempted["state"], &attempted["attempts"][0]["status"]),
        (&json!("pending"), &json!(307)),
        "{attempted}"
    );
    assert_eq!(elsewhere.received().len(), 0);
    app.abandon().await;
}

/// The addresses were allowed when the webhooks were made; the worker that sends is as strict as in production.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_ones_own_network_is_refused_when_it_is_sent_to_also_behind_a_name() {
    let (mut app, receiver) = (TestApp::start().await, Receiver::start(&[]).await);
    app.stop_workers().await;
    app.context.http = GuardedClient::new(OutboundPolicy::default(), HttpLimits::default()).unwrap();
    let by_number = hook(&app.client, &receiver, &["*"]).await;
    let port = receiver.url.rsplit(':').next().unwrap();
    let named = app
        .client
        .post(
            "/v1/webhooks",
            json!({"url": format!("http://localhost:{port}"), "events": ["*"]}),
        )
        .await;
    assert_eq!(named.status.as_u16(), 201, "{}", named.text);
    let by_name = super::Hook {
        id: named.body["id"].as_str().unwrap().to_owned(),
        secret: String::new(),
    };
    app.start_workers(vec![Pool::Delivery]);
    for hook in [&by_number, &by_name] {
        app.client.post(&hook.path("/test"), json!({})).await;
        let attempted = hook.attempted(&app.client, 1).await;
        assert_eq!(
            attempted["attempts"][0]["error"]["code"], "address_refused",
            "{attempted}"
        );
    }
    assert_eq!(receiver.received().len(), 0);
    app.abandon().await;
}
