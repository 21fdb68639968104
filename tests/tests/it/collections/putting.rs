use super::{collection, document, found, ingest, listed, patch};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_made_shown_renamed_and_counted() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/collections");
    let body = json!({"name": "Harbour", "description": "Lights along the quay"});
    let made = app.client.post(&path, body.clone()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.headers["location"], format!("/v1/collections/{id}"));
    app.client.post(&path, body).await.expect_problem(409, "conflict");
    ingest(&app.client, &base, "quay", Some(id)).await;
    let other = collection(&app.client, &base, "Town").await;

    let path_of = format!("/v1/collections/{id}");
    let shown = app.client.get(&path_of).await.body;
    assert_eq!(
        (
            &shown["name"],
            &shown["description"],
            &shown["document_count"],
            &shown["knowledge_base_id"]
        ),
        (
            &json!("Harbour"),
            &json!("Lights along the quay"),
            &json!(1),
            &json!(base)
        )
    );
    patch(&app.client, &path_of, json!({"name": "Town"}))
        .await
        .expect_problem(409, "conflict");
    let renamed = patch(&app.client, &path_of, json!({"name": "Port", "description": null})).await;
    assert_eq!(
        (&renamed.body["name"], &renamed.body["description"]),
        (&json!("Port"), &json!(""))
    );
    let page = app.client.get(&format!("{path}?limit=1")).await.body;
    assert_eq!(page["data"][0]["id"], other);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = app.client.get(&format!("{path}?limit=1&cursor={cursor}")).await.body;
    assert_eq!(
        (&page["data"][0]["id"], &page["next_cursor"]),
        (&json!(id), &Value::Null)
    );

    let wrong = json!({"name": "", "description": 7, "colour": "red"});
    let problem = app.client.post(&path, wrong).await;
    problem.expect_problem(422, "invalid");
    assert_eq!(problem.body["errors"].as_array().unwrap().len(), 3, "{}", problem.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_stays_where_it_is_put_until_it_is_put_elsewhere() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let town = collection(&app.client, &base, "Town").await;
    let quay = ingest(&app.client, &base, "quay", Some(&harbour)).await;
    ingest(&app.client, &base, "square", None).await;
    let of = async |id: &str| app.client.get(&format!("/v1/documents/{id}")).await.body;
    assert_eq!(of(&quay).await["collection_id"], harbour);
    let in_harbour = json!({"collection_ids": [harbour]});
    let in_town = json!({"collection_ids": [town]});
    assert_eq!(found(&app.client, &base, in_harbour.clone()).await, ["On quay"]);

    // Submitted again without a word of it, it stays; with another, it is there at once although nothing else is different.
    let again = app.client.ingest(&base, document("quay", None)).await;
    assert_eq!(again["result"]["unchanged"], true, "{again}");
    assert_eq!(found(&app.client, &base, in_harbour.clone()).await, ["On quay"]);
    let moved = app.client.ingest(&base, document("quay", Some(&town))).await;
    assert_eq!(moved["result"]["unchanged"], true, "{moved}");
    assert!(found(&app.client, &base, in_harbour.clone()).await.is_empty());
    assert_eq!(found(&app.client, &base, in_town.clone()).await, ["On quay"]);

    // By a change, into one and out of it.
    let path = format!("/v1/documents/{quay}");
    let before = of(&quay).await;
    let put = patch(&app.client, &path, json!({"collection_id": harbour})).await;
    assert_eq!(put.body["collection_id"], harbour);
    assert_eq!(
        put.body["updated_at"], before["updated_at"],
        "its content has not changed"
    );
    assert_ne!(put.headers["etag"], "", "{}", put.text);
    assert_eq!(found(&app.client, &base, in_harbour.clone()).await, ["On quay"]);
    let out = patch(&app.client, &path, json!({"collection_id": null, "metadata": {"a": 1}})).await;
    assert_eq!(
        (&out.body["collection_id"], &out.body["metadata"]),
        (&Value::Null, &json!({"a": 1}))
    );
    assert!(found(&app.client, &base, in_harbour).await.is_empty());
    assert_eq!(
        found(
            &app.client,
            &base,
            json!({"filter": {"$collection_id": {"exists": false}}})
        )
        .await,
        ["On quay", "On square"]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_puts_its_file_into_a_collection_and_lists_are_narrowed_to_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let form = |collection: &str| {
        let file = Part::bytes(b"Every lantern of the pier is lit at dusk.".to_vec()).file_name("pier.txt");
        Form::new()
            .part("file", file)
            .text("collection_id", collection.to_owned())
    };
    for named in [harbour.as_str(), ""] {
        let sent = app.client.request(reqwest::Method::POST, &path).multipart(form(named));
        let job = app.client.send(sent).await;
        assert_eq!(job.status.as_u16(), 202, "{}", job.text);
        app.client.ended(job.body["id"].as_str().unwrap()).await;
    }
    for word in ["quay", "mole", "buoy"] {
        ingest(&app.client, &base, word, Some(&harbour)).await;
    }
    let narrowed = format!("collection_id={harbour}");
    assert_eq!(
        listed(&app.client, &base, &narrowed).await,
        ["On buoy", "On mole", "On quay", "pier"]
    );
    assert_eq!(
        listed(&app.client, &base, &format!("{narrowed}&q=mole")).await,
        ["On mole"]
    );
    assert_eq!(
        listed(&app.client, &base, &format!("{narrowed}&state=failed")).await,
        [""; 0]
    );
    let first = app.client.get(&format!("{path}?{narrowed}&limit=3")).await.body;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        listed(&app.client, &base, &format!("{narrowed}&cursor={cursor}")).await,
        ["pier"]
    );

    let reingest = format!("/v1/knowledge-bases/{base}/reingest");
    let again = app
        .client
        .post_waiting(&reingest, json!({"collection_id": harbour}), 20)
        .await;
    assert_eq!(again.body["result"]["submitted"], 4, "{}", again.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_collection_of_the_base_is_not_found_by_name() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let other_base = app.client.knowledge_base("other").await;
    let elsewhere = collection(&app.client, &other_base, "Harbour").await;
    let strangers_base = app.client_b.knowledge_base("base").await;
    let strangers = collection(&app.client_b, &strangers_base, "Harbour").await;
    let quay = ingest(&app.client, &base, "quay", None).await;
    for wrong in [
        elsewhere.as_str(),
        strangers.as_str(),
        "019a0000-0000-7000-8000-000000000009",
    ] {
        let submitted = app
            .client
            .post(
                &format!("/v1/knowledge-bases/{base}/documents"),
                document("square", Some(wrong)),
            )
            .await;
        let patched = patch(
            &app.client,
            &format!("/v1/documents/{quay}"),
            json!({"collection_id": wrong}),
        )
        .await;
        let reingest = format!("/v1/knowledge-bases/{base}/reingest");
        let again = app.client.post(&reingest, json!({"collection_id": wrong})).await;
        let source = json!({"kind": "web", "name": "site", "config": {"start_urls": ["https://example.com/"]}, "collection_id": wrong});
        let source = app
            .client
            .post(&format!("/v1/knowledge-bases/{base}/sources"), source)
            .await;
        for answered in [submitted, patched, again, source] {
            answered.expect_problem(404, "not_found");
            assert_eq!(
                answered.body["errors"][0]["field"], "collection_id",
                "{}",
                answered.text
            );
        }
        let search = json!({"knowledge_base_ids": [base], "query": "lantern", "collection_ids": [wrong]});
        let searched = app.client.post("/v1/search", search).await;
        searched.expect_problem(404, "not_found");
        assert_eq!(searched.body["errors"][0]["field"], "collection_ids.0");
    }
    assert_eq!(
        listed(&app.client, &base, "limit=10").await,
        ["On quay"],
        "nothing was submitted"
    );
    app.finish().await;
}
