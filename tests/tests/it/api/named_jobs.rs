//! Jobs that are named by their ids: whatever nothing is done with is said, and why.
use super::jobs::{submit, without_workers};
use serde_json::{Value, json};
use tests::{Client, TestApp};
use uuid::Uuid;

async fn post(client: &Client, path: &str, body: Value) -> Value {
    let answered = client.post(path, body).await;
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
    answered.body
}

async fn noop(client: &Client) -> String {
    submit(client, json!({"kind": "diagnostics.noop"})).await
}

fn skipped(with: &[(&String, &str)]) -> Value {
    let each = with.iter().map(|(id, reason)| json!({"id": id, "reason": reason}));
    each.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_named_jobs_each_that_is_not_cancelled_is_skipped_with_why() {
    let app = without_workers().await;
    let (ended, told) = (noop(&app.client).await, noop(&app.client).await);
    app.client.post(&format!("/v1/jobs/{ended}/cancel"), Value::Null).await;
    app.execute(&format!(
        "UPDATE jobs SET state = 'running', attempt = 1, worker = 'w', lease_token = gen_random_uuid(), started_at = now(), attempt_started_at = now(),
                lease_until = now() + interval '1 hour', cancel_requested = true WHERE id = '{told}'"
    ))
    .await;
    let other = submit(&app.client, json!({"kind": "diagnostics.sleep", "payload": {"ms": 1}})).await;
    let (foreign, unknown) = (noop(&app.client_b).await, Uuid::now_v7().to_string());
    let (first, second) = (noop(&app.client).await, noop(&app.client).await);
    let ids = json!([unknown, first, other, foreign, second, told, ended]);
    let why = skipped(&[
        (&unknown, "not_found"),
        (&other, "no_match"),
        (&foreign, "not_found"),
        (&told, "stopping"),
        (&ended, "ended"),
    ]);
    let which = |more: Value| {
        let mut body = json!({"ids": ids, "kind": "diagnostics.noop"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(&app.client, "/v1/jobs/cancel", body)
    };
    let dry = which(json!({"dry_run": true})).await;
    assert_eq!((&dry["cancelled"], &dry["skipped"]), (&json!([second, first]), &why));
    // What is behind the limit is not left out: it comes with the next request, which repeats nothing.
    let page = which(json!({"limit": 1})).await;
    assert_eq!((&page["cancelled"], &page["skipped"]), (&json!([second]), &why));
    assert_eq!(page["more"], true);
    let rest = which(json!({"limit": 1, "cursor": page["next_cursor"]})).await;
    assert_eq!((&rest["cancelled"], &rest["skipped"]), (&json!([first]), &json!([])));
    assert_eq!((&rest["more"], &rest["next_cursor"]), (&json!(false), &Value::Null));
    app.abandon().await;
}

/// A dead job of this kind.
async fn dead(app: &TestApp, kind: &str) -> String {
    let job = submit(&app.client, json!({"kind": kind})).await;
    app.execute(&format!(
        "UPDATE jobs SET state = 'dead', finished_at = now() WHERE id = '{job}'"
    ))
    .await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn of_named_dead_letters_each_that_is_left_alone_is_skipped_with_why() {
    let app = without_workers().await;
    let given_up = dead(&app, "diagnostics.fail").await;
    let body = json!({"ids": [given_up], "reason": "seen"});
    let once = post(&app.client, "/v1/dead-letters/discard", body.clone()).await;
    assert_eq!((&once["discarded"], &once["skipped"]), (&json!([given_up]), &json!([])));
    let (waiting, other) = (noop(&app.client).await, dead(&app, "diagnostics.noop").await);
    let (foreign, unknown) = (noop(&app.client_b).await, Uuid::now_v7().to_string());
    let letters = [
        dead(&app, "diagnostics.fail").await,
        dead(&app, "diagnostics.fail").await,
    ];
    let ids = json!([given_up, letters[0], waiting, other, letters[1], foreign, unknown]);
    let why = skipped(&[
        (&given_up, "discarded"),
        (&waiting, "not_dead"),
        (&other, "no_match"),
        (&foreign, "not_found"),
        (&unknown, "not_found"),
    ]);
    for (verb, done) in [("replay", "replayed"), ("discard", "discarded")] {
        let which = |more: Value| {
            let mut body = json!({"ids": ids, "kind": "diagnostics.fail"});
            if verb == "discard" {
                body["reason"] = json!("no more");
            }
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let path = format!("/v1/dead-letters/{verb}");
            let client = &app.client;
            async move { post(client, &path, body).await }
        };
        let dry = which(json!({"dry_run": true})).await;
        let both = json!([letters[1], letters[0]]);
        assert_eq!((&dry[done], &dry["skipped"]), (&both, &why), "{verb}");
        let page = which(json!({"limit": 1})).await;
        assert_eq!((&page[done], &page["skipped"]), (&json!([letters[1]]), &why), "{verb}");
        let rest = which(json!({"limit": 1, "cursor": page["next_cursor"]})).await;
        assert_eq!(
            (&rest[done], &rest["skipped"]),
            (&json!([letters[0]]), &json!([])),
            "{verb}"
        );
        assert_eq!(rest["next_cursor"], Value::Null, "{verb}");
        for job in &letters {
            app.execute(&format!(
                "UPDATE jobs SET state = 'dead', finished_at = now() WHERE id = '{job}'"
            ))
            .await;
        }
    }
    app.abandon().await;
}
