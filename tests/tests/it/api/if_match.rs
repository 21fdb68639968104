//! Whoever changes what somebody else has changed meanwhile is told so (RFC 9110, section 13.1.1).
use crate::collections::collection;
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, Client, TestApp, TestOptions};

async fn patch(client: &Client, path: &str, tag: &str, body: &Value) -> Answered {
    let request = client.request(Method::PATCH, path).header("if-match", tag);
    client.send(request.json(body)).await
}

async fn made(client: &Client, path: &str, body: Value) -> String {
    let made = client.post(path, body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

/// The ids of what can be changed; the collection is in the base.
struct Changeable {
    base: String,
    source: String,
    schedule: String,
    webhook: String,
    harbour: String,
}

async fn changeable(client: &Client) -> Changeable {
    let base = client.knowledge_base("base").await;
    let source = json!({"kind": "web", "name": "site", "config": {"start_urls": ["https://example.com/"]}});
    let schedule = json!({"name": "often", "cron": "0 0 29 2 *", "kind": "diagnostics.noop"});
    let webhook = json!({"url": "https://example.com/hook", "events": ["job.dead"]});
    Changeable {
        source: made(client, &format!("/v1/knowledge-bases/{base}/sources"), source).await,
        schedule: made(client, "/v1/schedules", schedule).await,
        webhook: made(client, "/v1/webhooks", webhook).await,
        harbour: collection(client, &base, "Harbour").await,
        base,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_changed_is_changed_only_as_it_was_read() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let client = &app.client;
    let Changeable {
        source,
        schedule,
        webhook,
        harbour,
        ..
    } = changeable(client).await;
    let named = |name: &str| json!({ "name": name });
    for (path, first, second) in [
        (format!("/v1/sources/{source}"), named("one"), named("two")),
        (format!("/v1/schedules/{schedule}"), named("one"), named("two")),
        (
            format!("/v1/webhooks/{webhook}"),
            json!({"description": "one"}),
            json!({"description": "two"}),
        ),
        (format!("/v1/collections/{harbour}"), named("one"), named("two")),
    ] {
        let read = client.get(&path).await.headers["etag"].clone();
        let changed = patch(client, &path, &read, &first).await;
        assert_eq!(changed.status.as_u16(), 200, "{path}: {}", changed.text);
        assert_eq!(
            changed.headers["etag"],
            client.get(&path).await.headers["etag"],
            "{path}"
        );
        patch(client, &path, &read, &second)
            .await
            .expect_problem(412, "precondition_failed");
        let (field, value) = first.as_object().unwrap().iter().next().unwrap();
        assert_eq!(&client.get(&path).await.body[field], value, "nothing was changed");
        let again = patch(client, &path, &changed.headers["etag"], &second).await;
        assert_eq!(again.status.as_u16(), 200, "{path}: {}", again.text);
        patch(client, &path, "nonsense", &second)
            .await
            .expect_problem(400, "invalid_header");
    }
    app.finish().await;
}

/// Nobody changed it between the two: only time passed.
#[tokio::test(flavor = "multi_thread")]
async fn what_moved_by_itself_was_not_changed_by_anybody() {
    let app = TestApp::start().await;
    let client = &app.client;
    let Changeable {
        base,
        source,
        schedule,
        webhook,
        harbour,
    } = changeable(client).await;
    let document =
        json!({"title": "Boats", "mime_type": "text/markdown", "content": "The boat waits.", "collection_id": harbour});
    let submitted = client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
        .await;
    let document = submitted.body["document_id"].as_str().unwrap().to_owned();
    let paths = [
        format!("/v1/sources/{source}"),
        format!("/v1/schedules/{schedule}"),
        format!("/v1/webhooks/{webhook}"),
        format!("/v1/collections/{harbour}"),
        format!("/v1/documents/{document}"),
    ];
    let mut read = Vec::new();
    for path in &paths {
        read.push(client.get(path).await.headers["etag"].clone());
    }
    app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    let moves = [
        format!("UPDATE sources SET last_sync_at = now() WHERE id = '{source}'"),
        format!(
            "UPDATE schedules SET next_tick = now() + interval '2 days', due_at = now() + interval '2 days' WHERE id = '{schedule}'"
        ),
        format!("UPDATE webhook_endpoints SET failing_since = now() WHERE id = '{webhook}'"),
    ];
    app.database
        .owner()
        .await
        .batch_execute(&moves.join("; "))
        .await
        .unwrap();
    let another = json!({"title": "Other boats", "mime_type": "text/markdown", "content": "Another boat.", "collection_id": harbour});
    client.ingest(&base, another).await;
    assert_eq!(client.get(&paths[3]).await.body["document_count"], 2);
    assert_eq!(client.get(&paths[4]).await.body["state"], "ready");

    let changes = [
        json!({"name": "one"}),
        json!({"name": "one"}),
        json!({"description": "one"}),
        json!({"name": "one"}),
        json!({"metadata": {"kind": "boat"}}),
    ];
    for ((path, tag), change) in paths.iter().zip(&read).zip(&changes) {
        let changed = patch(client, path, tag, change).await;
        assert_eq!(changed.status.as_u16(), 200, "{path}: {}", changed.text);
        patch(client, path, tag, change)
            .await
            .expect_problem(412, "precondition_failed");
    }
    app.finish().await;
}
