//! Finding a document in the list of a base.
use serde_json::{Value, json};
use tests::TestApp;

async fn ingest(app: &TestApp, base: &str, title: &str, external_id: &str, mime_type: &str) -> String {
    let content = format!("Words of {title}.");
    let document = json!({"title": title, "content": content, "mime_type": mime_type, "external_id": external_id});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

async fn with_documents(app: &TestApp) -> String {
    let base = app.client.knowledge_base("base").await;
    for (title, external_id, mime_type) in [
        ("Lantern", "docs/lantern.md", "text/markdown"),
        ("Lanterns, 100% copper", "docs/copper_lamp.txt", "text/plain"),
        ("Mühle", "docs/MILL.txt", "text/plain"),
    ] {
        ingest(app, &base, title, external_id, mime_type).await;
    }
    app.execute(
        "UPDATE documents SET mime_type = 'text/plain; charset=windows-1252' WHERE external_id = 'docs/MILL.txt'",
    )
    .await;
    base
}

async fn page(app: &TestApp, base: &str, query: &[(&str, &str)]) -> Value {
    let request = app
        .client
        .request(reqwest::Method::GET, &format!("/v1/knowledge-bases/{base}/documents"));
    let answered = app.client.send(request.query(query)).await;
    assert_eq!(answered.status.as_u16(), 200, "{query:?}: {}", answered.text);
    answered.body
}

async fn titles(app: &TestApp, base: &str, query: &[(&str, &str)]) -> Vec<String> {
    let page = page(app, base, query).await;
    let documents = page["data"].as_array().unwrap().iter();
    documents
        .map(|document| document["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_found_by_what_it_is_called_and_by_what_it_is() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let (mill, copper, lantern) = ("Mühle", "Lanterns, 100% copper", "Lantern");
    for (query, expected) in [
        (vec![("external_id", "docs/lantern.md")], vec![lantern]),
        (vec![("external_id", "docs/lantern")], vec![]),
        (vec![("external_id", "DOCS/LANTERN.MD")], vec![]),
        (vec![("q", "LANTERN")], vec![copper, lantern]),
        (vec![("q", "mÜHL")], vec![mill]),
        (vec![("q", "mill.TXT")], vec![mill]),
        (vec![("q", "%")], vec![copper]),
        (vec![("q", "_")], vec![copper]),
        (vec![("q", "\\")], vec![]),
        (vec![("mime_type", "text/plain")], vec![mill, copper]),
        (vec![("mime_type", "Text/Plain; charset=Windows-1252")], vec![mill]),
        (vec![("mime_type", "text/plain"), ("q", "lantern")], vec![copper]),
        (
            vec![("external_id", "docs/lantern.md"), ("mime_type", "text/plain")],
            vec![],
        ),
        (vec![("q", "docs"), ("state", "ready")], vec![mill, copper, lantern]),
        (vec![("q", "docs"), ("state", "failed")], vec![]),
    ] {
        assert_eq!(titles(&app, &base, &query).await, expected, "{query:?}");
    }
    // As a page that was crawled goes by its address.
    let address = format!("https://help.example/{}", "a".repeat(1000));
    let make = format!("UPDATE documents SET external_id = '{address}' WHERE external_id = 'docs/MILL.txt'");
    app.execute(&make).await;
    assert_eq!(titles(&app, &base, &[("external_id", &address)]).await, [mill]);
    let other = app.client.knowledge_base("other").await;
    assert!(titles(&app, &other, &[("q", "lantern")]).await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_narrows_a_list_holds_on_each_of_its_pages() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut query = vec![("q", "docs"), ("state", "ready"), ("limit", "1")];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let page = page(&app, &base, &query).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|it| it["title"].clone()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = next.to_owned();
    }
    assert_eq!(found, ["Mühle", "Lanterns, 100% copper", "Lantern"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_a_source_is_found_by_it() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let document = ingest(&app, &base, "Page", "https://example.com/", "text/plain").await;
    let config = json!({"start_urls": ["https://example.com/"]});
    let made = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{base}/sources"),
            json!({"kind": "web", "name": "site", "config": config}),
        )
        .await;
    let source = made.body["id"].as_str().unwrap();
    for url in ["https://example.com/", "https://example.com/?again"] {
        app.execute(&format!(
            "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
             VALUES ('{}', '{source}', '{url}', gen_random_uuid(), 0, 'ingested', '{document}')",
            app.tenant
        ))
        .await;
    }
    for (query, expected) in [
        (vec![("source_id", source)], vec!["Page"]),
        (
            vec![("source_id", source), ("q", "page"), ("state", "ready")],
            vec!["Page"],
        ),
        (vec![("source_id", source), ("q", "lantern")], vec![]),
        (vec![("source_id", source), ("external_id", "docs/lantern.md")], vec![]),
        (vec![("source_id", "019a0000-0000-7000-8000-000000000001")], vec![]),
    ] {
        assert_eq!(titles(&app, &base, &query).await, expected, "{query:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_is_that_of_the_document_that_has_it_now() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = ingest(&app, &base, "First", "a", "text/plain").await;
    let deletion = app.client.delete(&format!("/v1/documents/{first}")).await;
    assert!(titles(&app, &base, &[("external_id", "a")]).await.is_empty());
    ingest(&app, &base, "Second", "a", "text/plain").await;
    assert_eq!(titles(&app, &base, &[("external_id", "a")]).await, ["Second"]);
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_looks_through_so_many_and_says_where_to_go_on() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "Lantern", "lantern", "text/plain").await;
    let more = store::documents::LOOKED_THROUGH + 50;
    app.execute(&format!(
        "INSERT INTO documents (tenant_id, id, knowledge_base_id, title, mime_type, job_id, size_bytes)
         SELECT '{}', ('ffffffff-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{base}', 'Filler', 'text/plain', gen_random_uuid(), 1
         FROM generate_series(1, {more}) n",
        app.tenant
    ))
    .await;
    let first = page(&app, &base, &[("q", "lantern")]).await;
    assert_eq!(first["data"], json!([]), "{first}");
    let cursor = first["next_cursor"].as_str().expect("there is more to look at");
    let second = page(&app, &base, &[("q", "lantern"), ("cursor", cursor)]).await;
    assert_eq!(
        (&second["data"][0]["title"], &second["next_cursor"]),
        (&json!("Lantern"), &Value::Null),
        "{second}"
    );
    let full = page(&app, &base, &[("q", "filler"), ("limit", "2")]).await;
    assert_eq!(full["data"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_cannot_be_meant_is_refused() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let (long, longer) = ("x".repeat(201), "x".repeat(1025));
    for (name, value) in [
        ("q", ""),
        ("q", long.as_str()),
        ("q", "a\0b"),
        ("external_id", ""),
        ("external_id", "\0"),
        ("external_id", longer.as_str()),
        ("mime_type", ""),
        ("source_id", "site"),
        ("enabled", "1"),
    ] {
        let request = app
            .client
            .request(reqwest::Method::GET, &format!("/v1/knowledge-bases/{base}/documents"));
        let refused = app.client.send(request.query(&[(name, value)])).await;
        refused.expect_problem(400, "invalid_query");
        assert_eq!(refused.body["errors"][0]["field"], name, "{}", refused.text);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_and_deleted_from_the_command_line() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let said = app
        .client
        .visualkit(&[
            "documents",
            "list",
            "base",
            "--query",
            "LANTERN",
            "--state",
            "ready",
            "--limit",
            "1",
        ])
        .await;
    assert!(
        said.contains("Lanterns, 100% copper  docs/copper_lamp.txt\n") && said.contains("more: --cursor "),
        "{said}"
    );
    let listed = app
        .client
        .visualkit(&[
            "documents",
            "list",
            "base",
            "--external-id",
            "docs/lantern.md",
            "--json",
        ])
        .await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let document = listed[0]["id"].as_str().unwrap();
    let said = app.client.visualkit(&["documents", "delete", document, "--wait"]).await;
    assert!(said.contains("visualkit deletions show "), "{said}");
    let gone = app.client.get(&format!("/v1/documents/{document}")).await;
    gone.expect_problem(404, "not_found");
    assert_eq!(
        titles(&app, &base, &[("q", "lantern")]).await,
        ["Lanterns, 100% copper"]
    );
    app.finish().await;
}
