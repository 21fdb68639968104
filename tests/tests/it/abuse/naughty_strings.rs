//! Every string of the Big List of Naughty Strings, wherever a text can stand.
use super::acceptable::{assert_acceptable, assert_ended, assert_well};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::{Client, TestApp, evaluation_data};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// `None` where the collection is not there.
fn strings() -> Option<Vec<String>> {
    let file = evaluation_data("abuse/naughty-strings")?.join("blns.json");
    let mut strings: Vec<String> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(strings.len() > 400, "{} strings", strings.len());
    // What the list lacks.
    for more in [
        "a\0b",
        "\u{feff}",
        "\u{202e}abc",
        "\u{10ffff}",
        "é".repeat(3000).as_str(),
        "\r\n\r\nHTTP/1.1 200 OK",
        "%00",
        "\u{1b}[31m",
    ] {
        strings.push(more.to_owned());
    }
    Some(strings)
}

/// Runs the check for each string, eight at a time.
async fn for_each<F>(strings: Vec<String>, check: impl Fn(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (slots, mut running) = (Arc::new(Semaphore::new(8)), JoinSet::new());
    for string in strings {
        let (slots, check) = (slots.clone(), check(string));
        running.spawn(async move {
            let _slot = slots.acquire_owned().await.unwrap();
            check.await;
        });
    }
    running.join_all().await;
}

/// The job that a good request ended with; `None` when it was refused, or failed for one of the `reasons`.
async fn post(client: &Client, path: &str, body: Value, reasons: &[&str], what: &str) -> Option<Value> {
    let answered = client.post_waiting(path, body, 30).await;
    assert_acceptable(&answered, what);
    if !answered.status.is_success() {
        return None;
    }
    assert_ended(&answered.body, reasons, what);
    (answered.body["state"] == "succeeded").then_some(answered.body)
}

/// The parsers meet every string in every format in their own crate's tests; here the formats take turns.
const MEDIA_TYPES: [&str; 4] = ["text/markdown", "text/html", "text/plain", "text/mdx"];

#[tokio::test(flavor = "multi_thread")]
async fn as_a_document_it_is_refused_or_stored_as_it_is_and_found_by_it() {
    let Some(strings) = strings() else { return };
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let turns = AtomicUsize::new(0);
    for_each(strings.clone(), |string| {
        let (client, path) = (app.client.clone(), format!("/v1/knowledge-bases/{base}/documents"));
        let mime_type = MEDIA_TYPES[turns.fetch_add(1, SeqCst) % MEDIA_TYPES.len()];
        async move {
            let document = json!({"title": string, "content": string, "mime_type": mime_type, "external_id": string,
                "metadata": {"value": string}, "acl": {"users": [string]}});
            let what = format!("{mime_type} {string:?}");
            let Some(job) = post(&client, &path, document, &["no_text"], &what).await else {
                return;
            };
            let shown = client
                .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
                .await
                .body;
            let kept = [
                &shown["title"],
                &shown["external_id"],
                &shown["metadata"]["value"],
                &shown["acl"]["users"][0],
            ];
            assert!(kept.iter().all(|kept| **kept == string), "{string:?} became {kept:?}");
        }
    })
    .await;
    let stored = app
        .count("SELECT count(*) FROM documents WHERE ready_version IS NOT NULL")
        .await;
    assert!(stored > 300, "most can be stored, not {stored}");
    for_each(strings, |string| {
        let (client, base) = (app.client.clone(), base.clone());
        async move {
            let body = json!({"knowledge_base_ids": [base], "query": "anything", "mode": "vector",
                "principal": {"user": string}, "filter": {"value": string}});
            let what = format!("as a filter and a user {string:?}");
            let Some(found) = post(&client, "/v1/search", body, &[], &what).await else {
                return;
            };
            for hit in found["result"]["results"].as_array().unwrap() {
                assert_eq!(hit["title"], string, "{what}");
            }
        }
    })
    .await;
    assert_well(&app).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_query_a_question_a_response_and_a_source_it_is_refused_or_answered() {
    let Some(strings) = strings() else { return };
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let text: String = strings
        .iter()
        .filter(|string| !string.contains('\0'))
        .map(|string| format!("{string}\n\n"))
        .collect();
    app.client
        .ingest(
            &base,
            json!({"title": "all of them", "content": text, "mime_type": "text/plain"}),
        )
        .await;
    for_each(strings, |string| {
        let (client, base) = (app.client.clone(), base.clone());
        async move {
            for mode in ["hybrid", "keyword"] {
                let body = json!({"knowledge_base_ids": [base], "query": string, "mode": mode, "explain": true});
                post(&client, "/v1/search", body, &[], &format!("query {string:?}")).await;
            }
            let body = json!({"knowledge_base_ids": [base], "question": string});
            post(&client, "/v1/answers", body, &[], &format!("question {string:?}")).await;
            let body = json!({"response": string, "sources": [string], "question": string});
            post(&client, "/v1/checks", body, &[], &format!("check {string:?}")).await;
            let body = json!({"response": "The lantern burns for 36 hours.", "sources": [string]});
            post(&client, "/v1/checks", body, &[], &format!("source {string:?}")).await;
        }
    })
    .await;
    assert_well(&app).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_name_a_key_a_cursor_or_an_id_it_is_refused_or_kept_as_it_is() {
    let Some(strings) = strings() else { return };
    let app = TestApp::start().await;
    for_each(strings, |string| {
        let client = app.client.clone();
        async move {
            let made = client.post("/v1/knowledge-bases", json!({"name": string})).await;
            assert_acceptable(&made, &format!("name {string:?}"));
            if made.status.is_success() {
                let shown = client
                    .get(&format!("/v1/knowledge-bases/{}", made.body["id"].as_str().unwrap()))
                    .await;
                assert_eq!(shown.body["name"], string.trim());
            }
            let body = json!({"kind": "diagnostics.noop", "unique_key": string});
            post(&client, "/v1/jobs", body, &[], &format!("unique key {string:?}")).await;
            for field in ["kind", "payload", "priority", "run_at", "max_attempts"] {
                let mut body = json!({"kind": "diagnostics.noop"});
                body[field] = json!(string);
                let answered = client.post("/v1/jobs", body).await;
                assert_eq!(answered.status.as_u16(), 422, "{field} {string:?}: {}", answered.text);
                assert_acceptable(&answered, field);
            }
            for parameter in ["cursor", "limit", "state", "pool", "created_after"] {
                let answered = client
                    .send(client.request(Method::GET, "/v1/jobs").query(&[(parameter, &string)]))
                    .await;
                let numeral =
                    parameter == "limit" && string.parse::<i64>().is_ok_and(|limit| (1..=100).contains(&limit));
                assert_eq!(
                    answered.status.as_u16(),
                    if numeral { 200 } else { 400 },
                    "{parameter} {string:?}: {}",
                    answered.text
                );
                assert_acceptable(&answered, parameter);
            }
            let mut url = url::Url::parse(&client.url).unwrap();
            url.path_segments_mut().unwrap().extend(["v1", "documents", &string]);
            let answered = client.get(url.path()).await;
            assert!(
                [404, 405, 400].contains(&answered.status.as_u16()),
                "id {string:?}: {}",
                answered.text
            );
            assert_acceptable(&answered, "id");
            if let Ok(value) = reqwest::header::HeaderValue::from_str(&string) {
                let request = client
                    .request(Method::POST, "/v1/jobs")
                    .header("idempotency-key", &value)
                    .header("prefer", &value);
                let request = request
                    .header("traceparent", &value)
                    .header("x-request-id", &value)
                    .header("origin", &value);
                let answered = client.send(request.json(&json!({"kind": "diagnostics.noop"}))).await;
                assert_acceptable(&answered, &format!("headers {string:?}"));
                if answered.status.is_success() {
                    client.ended(answered.body["id"].as_str().unwrap()).await;
                }
            }
        }
    })
    .await;
    assert_well(&app).await;
    app.finish().await;
}
