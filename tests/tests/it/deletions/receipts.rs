//! The receipt of a deletion: over HTTP, from the command line, and as evidence.
use super::support::{SENTINEL, complete, delete, ingest, receipt, start};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tests::{Process, TestApp, eventually};

/// As the documentation tells others to compute it.
fn digest(receipt: &Value) -> String {
    let mut content = receipt.clone();
    content.as_object_mut().unwrap().remove("digest");
    let bytes = Sha256::digest(content.to_string());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_what_is_gone_and_holds_no_word_of_it() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app.client, &base, "amber").await;
    app.client
        .search(json!({"knowledge_base_ids": [base], "query": "meters wing"}))
        .await;
    let key = app
        .client
        .request(reqwest::Method::DELETE, &format!("/v1/documents/{document}"));
    let asked = app.client.send(key.header("idempotency-key", "once")).await;
    let id = asked.body["id"].as_str().unwrap().to_owned();
    let receipt = complete(&app.client, &id).await;
    for (name, value) in [
        ("id", json!(id)),
        ("kind", json!("document")),
        ("target_id", json!(document)),
        ("knowledge_base_id", json!(base)),
        ("unsearchable_at", receipt["accepted_at"].clone()),
    ] {
        assert_eq!(receipt[name], value, "{name}: {receipt}");
    }
    let erased = &receipt["erased"];
    for counted in ["documents", "versions", "chunks", "embeddings", "files"] {
        assert_eq!(erased[counted], 1, "{counted}: {receipt}");
    }
    assert!(erased["file_bytes"].as_i64().unwrap() > 50, "{receipt}");
    let times = ["accepted_at", "erased_at", "completed_at"].map(|name| {
        receipt[name]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    });
    assert!(times.is_sorted(), "{receipt}");
    let keys = format!(
        "SELECT count(*) FROM api_keys WHERE id = '{}'",
        receipt["requested_by"].as_str().unwrap()
    );
    assert_eq!(app.count(&keys).await, 1);
    assert_eq!(receipt["replicas"][0]["state"], "confirmed", "{receipt}");
    assert!(!receipt.to_string().contains(SENTINEL), "{receipt}");
    assert_eq!(receipt["digest"], digest(&receipt));

    // The same request again has the same receipt.
    let again = app
        .client
        .request(reqwest::Method::DELETE, &format!("/v1/documents/{document}"));
    let again = app.client.send(again.header("idempotency-key", "once")).await;
    assert_eq!(
        (again.status.as_u16(), &again.headers["link"]),
        (200, &asked.headers["link"])
    );
    assert_eq!(app.count("SELECT count(*) FROM deletions").await, 1);
    let theirs = app.client_b.get(&format!("/v1/deletions/{id}")).await;
    theirs.expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_listed_by_state_and_forgotten_in_time() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let mut ids = Vec::new();
    for external_id in ["a", "b", "c"] {
        let document = ingest(&app.client, &base, external_id).await;
        let id = delete(&app.client, &format!("/v1/documents/{document}")).await;
        complete(&app.client, &id).await;
        ids.push(id);
    }
    let page = app.client.get("/v1/deletions?limit=2").await.body;
    let listed = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&page), [ids[2].clone(), ids[1].clone()]);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app
        .client
        .get(&format!("/v1/deletions?limit=2&cursor={next}"))
        .await
        .body;
    assert_eq!(
        (listed(&rest), &rest["next_cursor"]),
        (vec![ids[0].clone()], &Value::Null)
    );
    assert_eq!(rest["data"][0], receipt(&app.client, &ids[0]).await);
    assert!(listed(&app.client.get("/v1/deletions?state=erasing").await.body).is_empty());
    assert_eq!(
        listed(&app.client.get("/v1/deletions?state=complete").await.body).len(),
        3
    );
    app.client
        .get("/v1/deletions?state=gone")
        .await
        .expect_problem(400, "invalid_query");

    app.execute(&format!(
        "UPDATE deletions SET completed_at = now() - interval '4 years' WHERE id = '{}'",
        ids[0]
    ))
    .await;
    eventually("the old receipt goes", Duration::from_secs(20), async || {
        app.client
            .get(&format!("/v1/deletions/{}", ids[0]))
            .await
            .status
            .as_u16()
            == 404
    })
    .await;
    assert_eq!(app.count("SELECT count(*) FROM deletions").await, 2);
    app.finish().await;
}

fn command(app: &TestApp, arguments: &[&str]) -> String {
    let mut environment = app.environment();
    environment.push(("VISUALKIT_URL", app.client.url.clone()));
    environment.push(("VISUALKIT_API_KEY", app.client.key.clone().unwrap()));
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Process::run(arguments, &environment)
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_can_be_read_from_the_command_line() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app.client, &base, "amber").await;
    let id = delete(&app.client, &format!("/v1/documents/{document}")).await;
    let whole = complete(&app.client, &id).await;
    let listed = command(&app, &["deletions", "list", "--state", "complete"]);
    assert!(listed.starts_with(&id) && listed.contains(&document), "{listed}");
    let shown = command(&app, &["deletions", "show", &id]);
    assert!(
        shown.contains("1 document, 1 version, 1 chunk, 1 embedding, "),
        "{shown}"
    );
    let json: Value = serde_json::from_str(&command(&app, &["deletions", "show", &id, "--json"])).unwrap();
    assert_eq!(json, whole);
    app.finish().await;
}
