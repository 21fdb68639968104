//! Submitting a document again: unchanged, changed, and out of order.
use serde_json::{Value, json};
use tests::TestApp;

fn markdown(external_id: &str, content: &str) -> Value {
    json!({"title": "Lantern", "content": content, "mime_type": "text/markdown", "external_id": external_id})
}

/// Long enough that each section is a chunk of its own.
fn sections(second: &str) -> String {
    let words = |word: &str| format!("{word} ").repeat(130);
    format!(
        "# Lantern\n\n## First\n\n{}\n\n## Second\n\n{}\n\n## Third\n\n{}",
        words("copper"),
        words(second),
        words("tin")
    )
}

async fn titles(app: &TestApp, base: &str, query: &str) -> Vec<String> {
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": query, "mode": "keyword"}))
        .await;
    found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["text"].as_str().unwrap().to_owned())
        .collect()
}

fn embedded(app: &TestApp) -> usize {
    app.words.embedded.lock().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_content_is_a_no_op_that_says_so_and_embeds_nothing() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = app.client.ingest(&base, markdown("a", &sections("zinc"))).await;
    assert_eq!(first["result"]["unchanged"], false);
    let (calls, changes) = (embedded(&app), "SELECT count(*) FROM index_changes");
    let logged = app.count(changes).await;
    let again = app.client.ingest(&base, markdown("a", &sections("zinc"))).await;
    assert_eq!(
        (&again["result"]["unchanged"], &again["result"]["embedded"]),
        (&json!(true), &json!(0)),
        "{again}"
    );
    assert_eq!(again["document_id"], first["document_id"]);
    assert_eq!(
        (embedded(&app), app.count(changes).await),
        (calls, logged),
        "nothing was embedded, nothing is to be indexed"
    );
    let id = first["document_id"].as_str().unwrap();
    let document = app.client.get(&format!("/v1/documents/{id}")).await.body;
    assert_eq!(
        (&document["state"], &document["chunk_count"]),
        (&json!("ready"), &first["result"]["chunks"])
    );
    assert_eq!(
        (&document["job_id"], &document["ready_job_id"]),
        (&again["id"], &first["id"]),
        "what is served was made by the first"
    );
    let shown = app.client.visualkit(&["documents", "show", id]).await;
    let (_, made) = shown.split_once("served as it was made by job").unwrap();
    assert!(made.contains("step embed"), "{shown}");
    app.client.ingest(&base, markdown("a", &sections("zinc"))).await;
    let document = app.client.get(&format!("/v1/documents/{id}")).await.body;
    assert_eq!(
        document["ready_job_id"], first["id"],
        "however often it was submitted since"
    );
    let other = app.client.ingest(&base, markdown("a", &sections("brass"))).await;
    let document = app.client.get(&format!("/v1/documents/{id}")).await.body;
    assert_eq!(document["ready_job_id"], other["id"]);
    // As once its job is kept no longer.
    app.execute("UPDATE document_versions SET made_by = gen_random_uuid()")
        .await;
    let document = app.client.get(&format!("/v1/documents/{id}")).await.body;
    assert_eq!(document.get("ready_job_id"), None, "{document}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_section_embeds_only_its_own_chunks() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = app.client.ingest(&base, markdown("a", &sections("zinc"))).await;
    let chunks = first["result"]["chunks"].as_u64().unwrap();
    assert!(chunks >= 3, "{first}");
    let before = embedded(&app);
    let second = app.client.ingest(&base, markdown("a", &sections("brass"))).await;
    let new: Vec<String> = app.words.embedded.lock().unwrap()[before..].to_vec();
    assert!(
        !new.is_empty() && new.iter().all(|text| text.contains("brass")),
        "{new:?}"
    );
    assert_eq!(second["result"]["embedded"].as_u64().unwrap(), new.len() as u64);
    assert!((new.len() as u64) < chunks);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_the_tenant_has_elsewhere_is_not_embedded_again_but_another_tenants_is() {
    let app = TestApp::start().await;
    let (base, base_b) = (
        app.client.knowledge_base("base").await,
        app.client_b.knowledge_base("base").await,
    );
    let first = app.client.ingest(&base, markdown("a", &sections("zinc"))).await;
    let copy = app.client.ingest(&base, markdown("b", &sections("zinc"))).await;
    assert_eq!(copy["result"]["embedded"], 0, "{copy}");
    let others = app.client_b.ingest(&base_b, markdown("a", &sections("zinc"))).await;
    assert_eq!(
        others["result"]["embedded"], first["result"]["embedded"],
        "how fast it goes must not tell what others have"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_external_id_replaces_and_the_old_text_is_found_no_more() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = app
        .client
        .ingest(&base, markdown("a", "The lantern burns whale oil."))
        .await;
    assert_eq!(titles(&app, &base, "whale").await.len(), 1);
    let second = app
        .client
        .ingest(&base, markdown("a", "The lantern burns paraffin."))
        .await;
    assert_eq!(second["document_id"], first["document_id"]);
    assert_eq!(titles(&app, &base, "whale").await, Vec::<String>::new());
    assert_eq!(titles(&app, &base, "paraffin").await.len(), 1);
    let vectors = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "whale oil", "mode": "vector"}))
        .await;
    assert!(!vectors.to_string().contains("whale"), "{vectors}");
    let document = app
        .client
        .get(&format!("/v1/documents/{}", first["document_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(
        (&document["version"], &document["ready_version"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(app.count("SELECT count(*) FROM documents").await, 1);
    assert_eq!(
        app.count("SELECT count(*) FROM document_versions").await,
        1,
        "what is neither served nor waits is gone"
    );
    assert_eq!(app.count("SELECT count(*) FROM blobs").await, 1);
    assert_eq!(
        app.count("SELECT count(*) FROM embeddings").await,
        app.count("SELECT count(*) FROM chunks").await
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_means_another_document_in_another_base() {
    let app = TestApp::start().await;
    let (one, two) = (
        app.client.knowledge_base("one").await,
        app.client.knowledge_base("two").await,
    );
    let first = app
        .client
        .ingest(&one, markdown("a", "The lantern burns whale oil."))
        .await;
    let second = app
        .client
        .ingest(&two, markdown("a", "The lantern burns paraffin."))
        .await;
    assert_ne!(first["document_id"], second["document_id"]);
    assert_eq!(
        (
            titles(&app, &one, "whale").await.len(),
            titles(&app, &one, "paraffin").await.len()
        ),
        (1, 0)
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_title_or_access_list_alone_is_a_change() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut document = markdown("a", "The lantern burns whale oil.");
    app.client.ingest(&base, document.clone()).await;
    for (field, value) in [
        ("title", json!("Lamp")),
        ("acl", json!({"public": true})),
        ("metadata", json!({"n": 1})),
    ] {
        document[field] = value.clone();
        let job = app.client.ingest(&base, document.clone()).await;
        assert_eq!(job["result"]["unchanged"], false, "{field}: {job}");
        let shown = app
            .client
            .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
            .await
            .body;
        assert_eq!(shown[field], value);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_submissions_at_once_leave_one_document_with_the_last_version() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut submissions = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (client, base) = (app.client.clone(), base.clone());
        submissions.spawn(async move {
            client
                .ingest(&base, markdown("a", &format!("The lantern burns fuel{number}.")))
                .await
        });
    }
    let jobs = submissions.join_all().await;
    assert!(jobs.iter().all(|job| job["state"] == "succeeded"), "{jobs:?}");
    assert_eq!(app.count("SELECT count(*) FROM documents").await, 1);
    let document = app
        .client
        .get(&format!("/v1/documents/{}", jobs[0]["document_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(
        (&document["version"], &document["ready_version"]),
        (&json!(20), &json!(20)),
        "{document}"
    );
    assert_eq!(titles(&app, &base, "lantern").await.len(), 1);
    app.finish().await;
}

/// Paragraphs of one long section, each of words of its own.
fn paragraphs(edited: &[usize]) -> String {
    let paragraph = |number: usize| {
        let name = if edited.contains(&number) { "zebra" } else { "word" };
        format!("{} ends here.", format!("{name}{number} ").repeat(25))
    };
    let all: Vec<String> = (0..40).map(paragraph).collect();
    format!("# Lantern\n\n## One\n\n{}", all.join("\n\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_one_paragraph_of_a_long_section_embeds_the_chunk_that_holds_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let first = app.client.ingest(&base, markdown("a", &paragraphs(&[]))).await;
    let chunks = first["result"]["chunks"].as_u64().unwrap();
    assert!(chunks > 10, "{first}");
    let (mut edits, mut others) = (Vec::new(), Vec::new());
    for edited in [3, 17, 31, 22, 9] {
        edits.push(edited);
        let before = embedded(&app);
        let job = app.client.ingest(&base, markdown("a", &paragraphs(&edits))).await;
        let new: Vec<String> = app.words.embedded.lock().unwrap()[before..].to_vec();
        assert_eq!(job["result"]["embedded"].as_u64().unwrap(), new.len() as u64, "{job}");
        let edit = format!("zebra{edited} ");
        assert!(new.iter().any(|text| text.contains(&edit)), "{new:?}");
        others.push(new.iter().filter(|text| !text.contains(&edit)).count());
    }
    // An edit may move a cut beside it; the cuts of the rest stay.
    let all: usize = others.iter().sum();
    assert!(
        all <= 5 && others.contains(&0),
        "of {chunks} chunks, without the edit: {others:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_put_in_at_the_top_of_a_long_table_embeds_the_chunks_near_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let rows: Vec<String> = (0..400)
        .map(|row| format!("lantern {row},burns oil number {row}"))
        .collect();
    let table = |first: &str| json!({"title": "Lanterns", "mime_type": "text/csv", "external_id": "table", "content": format!("name,what\n{first}{}\n", rows.join("\n"))});
    let first = app.client.ingest(&base, table("")).await;
    assert!(first["result"]["chunks"].as_u64().unwrap() > 15, "{first}");
    let second = app.client.ingest(&base, table("zebra,stripes\n")).await;
    let embedded = second["result"]["embedded"].as_u64().unwrap();
    assert!((1..=4).contains(&embedded), "{second}");
    app.finish().await;
}

/// What was not changed was not updated, whenever the replica was built that is asked.
#[tokio::test(flavor = "multi_thread")]
async fn unchanged_content_was_updated_when_it_was_last_changed() {
    let mut app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    app.execute("UPDATE documents SET updated_at = '2020-01-01T00:00:00Z'")
        .await;
    let since = async |app: &TestApp, time: &str| {
        let query = json!({"knowledge_base_ids": [base], "query": "lantern", "mode": "keyword", "filter": {"$updated_at": {"gte": time}}});
        app.client.search(query).await["results"].as_array().unwrap().len()
    };
    let both = async |app: &TestApp| {
        (
            since(app, "2019-12-31T00:00:00Z").await,
            since(app, "2020-01-02T00:00:00Z").await,
        )
    };
    assert_eq!(both(&app).await, (1, 0));
    let again = app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    assert_eq!(again["result"]["unchanged"], true, "{again}");
    assert_eq!(both(&app).await, (1, 0));
    app.stop_workers().await;
    app.context.replicas.close().await;
    std::fs::remove_dir_all(app.data.path().join("replicas")).unwrap();
    app.context.replicas = workers::Replicas::new(
        app.context.store.clone(),
        &app.context.settings,
        app.context.models.clone(),
    );
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(both(&app).await, (1, 0), "by a replica that was built anew");
    // Whatever a later release makes of it.
    let document = again["document_id"].as_str().unwrap();
    let reingest = format!("/v1/documents/{document}/reingest");
    let queued = app.client.post(&reingest, Value::Null).await;
    app.client.ended(queued.body["id"].as_str().unwrap()).await;
    app.execute("UPDATE documents SET fingerprint = '\\x00'").await;
    let other = app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    assert_eq!(other["result"]["unchanged"], false, "{other}");
    assert_eq!(both(&app).await, (1, 0), "ingested once more");
    app.client.ingest(&base, markdown("a", "The lantern glows.")).await;
    assert_eq!(since(&app, "2020-01-02T00:00:00Z").await, 1);
    app.finish().await;
}

async fn shown(app: &TestApp, document: &str) -> (Value, Value) {
    let shown = app.client.get(&format!("/v1/documents/{document}")).await.body;
    (shown["metadata"].clone(), shown["acl"].clone())
}

/// What runs every night says less than who set the document up.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_submission_does_not_name_stays_and_an_empty_object_takes_it_away() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let new = app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    let document = new["document_id"].as_str().unwrap().to_owned();
    assert_eq!(
        shown(&app, &document).await,
        (json!({}), json!({})),
        "a new one has none"
    );
    let path = format!("/v1/documents/{document}");
    let given = (json!({"shelf": 1}), json!({"users": [], "groups": ["hr"]}));
    let change = app.client.request(reqwest::Method::PATCH, &path);
    let change = change.json(&json!({"metadata": given.0, "acl": given.1}));
    assert_eq!(app.client.send(change).await.status.as_u16(), 200);
    let found = async || {
        let query = json!({"knowledge_base_ids": [base], "query": "lantern", "filter": {"shelf": 1},
            "principal": {"groups": ["hr"]}});
        app.client.search(query).await["results"].as_array().unwrap().len()
    };
    assert_eq!(found().await, 1);
    let again = app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    assert_eq!(again["document_id"].as_str(), Some(document.as_str()));
    assert_eq!(shown(&app, &document).await, given, "the same text");
    let again = app.client.ingest(&base, markdown("a", "The lantern burns.")).await;
    assert_eq!(again["result"]["unchanged"], true, "{again}");
    app.client.ingest(&base, markdown("a", "The lantern glows.")).await;
    assert_eq!(shown(&app, &document).await, given, "another text");
    assert_eq!(found().await, 1, "also of what is served");

    let file = reqwest::multipart::Part::bytes(b"The lantern shines.".to_vec()).file_name("a.md");
    let form = reqwest::multipart::Form::new()
        .part("file", file)
        .text("external_id", "a")
        .text("acl", "");
    let sent = app
        .client
        .request(reqwest::Method::POST, &format!("/v1/knowledge-bases/{base}/documents"))
        .header("prefer", "wait=20")
        .multipart(form);
    let sent = app.client.send(sent).await;
    assert_eq!(sent.body["state"], "succeeded", "{}", sent.text);
    assert_eq!(shown(&app, &document).await, given, "a form");

    let mut one = markdown("a", "The lantern burns.");
    one["acl"] = json!({"public": true});
    app.client.ingest(&base, one).await;
    assert_eq!(
        shown(&app, &document).await,
        (given.0.clone(), json!({"public": true})),
        "the other one stays"
    );
    let mut none = markdown("a", "The lantern burns.");
    none["metadata"] = json!({});
    none["acl"] = json!({});
    app.client.ingest(&base, none).await;
    assert_eq!(shown(&app, &document).await, (json!({}), json!({})));
    assert_eq!(found().await, 0);
    app.finish().await;
}
