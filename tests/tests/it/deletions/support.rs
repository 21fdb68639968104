use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tests::{Client, TestApp, TestOptions, eventually};

/// In every document that is to go, and nowhere else.
pub(crate) const SENTINEL: &str = "quetzalcoatlus";

/// Replicas are looked after every second.
pub(crate) async fn start() -> TestApp {
    let app = TestApp::start_with(TestOptions {
        settings: vec![("retrieval.refresh_interval_secs", "1".to_owned())],
        ..TestOptions::default()
    })
    .await;
    app.context.replicas.keep_fresh(&app.context.system);
    app
}

pub(crate) fn document(external_id: &str, acl: &Value) -> Value {
    json!({"title": format!("Wings of the {SENTINEL} {external_id}"), "mime_type": "text/plain", "external_id": external_id, "acl": acl,
        "content": format!("The {SENTINEL} called {external_id} measures eleven meters from wing to wing."),
        "metadata": {"animal": SENTINEL}})
}

pub(crate) async fn ingest(client: &Client, base: &str, external_id: &str) -> String {
    ingest_for(client, base, external_id, &json!({"public": true})).await
}

pub(crate) async fn ingest_for(client: &Client, base: &str, external_id: &str, acl: &Value) -> String {
    let job = client.ingest(base, document(external_id, acl)).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

/// Asks for a deletion, which is accepted; returns the id of its job and receipt.
pub(crate) async fn delete(client: &Client, path: &str) -> String {
    let deleted = client.delete(path).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    let id = deleted.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        deleted.headers["link"],
        format!("</v1/deletions/{id}>; rel=\"describedby\"")
    );
    id
}

pub(crate) async fn receipt(client: &Client, id: &str) -> Value {
    client.get(&format!("/v1/deletions/{id}")).await.body
}

/// The receipt once it is complete.
pub(crate) async fn complete(client: &Client, id: &str) -> Value {
    eventually("the deletion is complete", Duration::from_secs(60), async || {
        receipt(client, id).await["state"] == "complete"
    })
    .await;
    receipt(client, id).await
}

/// Files below the directory that hold the sentinel.
pub(crate) fn files_with_sentinel(below: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with_sentinel(&path));
            continue;
        }
        // A file may go while this looks.
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes
            .windows(SENTINEL.len())
            .any(|window| window.eq_ignore_ascii_case(SENTINEL.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Columns of the database that hold the sentinel, of every table that there is.
pub(crate) async fn columns_with_sentinel(owner_url: &str) -> Vec<String> {
    let mut conn = AsyncPgConnection::establish(owner_url).await.unwrap();
    let hex: String = SENTINEL.bytes().map(|byte| format!("{byte:02x}")).collect();
    let selects = texts(
        &mut conn,
        &format!(
            "SELECT format('SELECT %L AS text FROM %I WHERE position(%L in lower(%I::text)) > 0 LIMIT 1', c.relname || '.' || a.attname, c.relname,
                 CASE WHEN a.atttypid IN ('bytea'::regtype, 'bytea[]'::regtype) THEN '{hex}' ELSE '{SENTINEL}' END, a.attname) AS text
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype, 'bytea'::regtype, 'bytea[]'::regtype)
             ORDER BY 1"
        ),
    )
    .await;
    assert!(selects.len() > 60, "the catalogue names the columns: {}", selects.len());
    let mut found = Vec::new();
    for select in selects {
        found.extend(texts(&mut conn, &select).await);
    }
    found
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

async fn texts(conn: &mut AsyncPgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(conn).await.unwrap();
    rows.into_iter().map(|row| row.text).collect()
}
