//! Changing many documents of a base at once, without ingesting them again.
use crate::collections::collection;
use crate::deletions::guards::{hold_back, let_go};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, TestApp, eventually};

fn document(name: &str, metadata: Value, acl: Value) -> Value {
    json!({"title": name, "content": format!("The lantern of {name} burns at dusk."), "mime_type": "text/plain", "external_id": name,
        "metadata": metadata, "acl": acl})
}

/// Ingests it; returns its id.
async fn submit(app: &TestApp, base: &str, document: Value) -> String {
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

fn path(base: &str) -> String {
    format!("/v1/knowledge-bases/{base}/documents/update")
}

/// What came of the job, which has ended.
async fn update(app: &TestApp, base: &str, body: Value) -> Value {
    let ended = app.client.post_waiting(&path(base), body, 20).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["state"]),
        (200, &json!("succeeded")),
        "{}",
        ended.text
    );
    ended.body["result"].clone()
}

fn counts(changed: usize, unchanged: usize) -> Value {
    json!({"dry_run": false, "changed": changed, "unchanged": unchanged, "of_sources": 0, "too_large": 0, "skipped": 0})
}

/// A field of each document of the base, by name, in the order of the names.
async fn each(client: &Client, base: &str, field: &str) -> Vec<(String, Value)> {
    let listed = client
        .get(&format!("/v1/knowledge-bases/{base}/documents?limit=100"))
        .await;
    let documents = listed.body["data"].as_array().unwrap().iter();
    let named = |document: &Value| (document["title"].as_str().unwrap().to_owned(), document[field].clone());
    let mut found: Vec<(String, Value)> = documents.map(named).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn of(expected: &[(&str, Value)]) -> Vec<(String, Value)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// The titles that a search for lanterns finds, in the order of the alphabet.
async fn found(app: &TestApp, base: &str, more: Value) -> Vec<String> {
    let mut search = json!({"knowledge_base_ids": [base], "query": "lantern burns at dusk"});
    search
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let searched = app.client.search(search).await;
    let results = searched["results"].as_array().unwrap().iter();
    let mut titles: Vec<String> = results.map(|hit| hit["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_of_each_is_merged_and_asking_again_changes_nothing() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let of_a = json!({"product": "lamp", "draft": true, "size": {"h": 1, "w": 2}});
    submit(&app, &base, document("a", of_a, json!({"public": true}))).await;
    submit(&app, &base, document("b", json!({"draft": true}), json!({}))).await;
    submit(&app, &base, document("c", json!({"other": [1]}), json!({}))).await;
    let elsewhere = app.client.knowledge_base("elsewhere").await;
    submit(&app, &elsewhere, document("d", json!({"draft": true}), json!({}))).await;
    let embedded = app.words.embedded.lock().unwrap().len();

    let body = json!({"which": {}, "metadata": {"product": "lantern", "draft": null, "size": {"h": 3}}});
    assert_eq!(update(&app, &base, body.clone()).await, counts(3, 0));
    assert_eq!(
        app.words.embedded.lock().unwrap().len(),
        embedded,
        "nothing is embedded"
    );
    let merged = of(&[
        ("a", json!({"product": "lantern", "size": {"h": 3, "w": 2}})),
        ("b", json!({"product": "lantern", "size": {"h": 3}})),
        ("c", json!({"other": [1], "product": "lantern", "size": {"h": 3}})),
    ]);
    assert_eq!(each(&app.client, &base, "metadata").await, merged);
    let lists = of(&[("a", json!({"public": true})), ("b", json!({})), ("c", json!({}))]);
    assert_eq!(each(&app.client, &base, "acl").await, lists, "what is absent stays");
    let versions = each(&app.client, &base, "version").await;
    assert!(versions.iter().all(|(_, version)| *version == 1), "{versions:?}");
    assert_eq!(
        each(&app.client, &elsewhere, "metadata").await,
        of(&[("d", json!({"draft": true}))]),
        "another base's are left alone"
    );
    let narrowed = json!({"filter": {"product": "lantern"}});
    assert_eq!(found(&app, &base, narrowed).await, ["a", "b", "c"]);
    assert!(found(&app, &base, json!({"filter": {"draft": true}})).await.is_empty());

    let changes = "SELECT count(DISTINCT seq) AS count FROM index_changes";
    let told = app.count(changes).await;
    assert_eq!(update(&app, &base, body).await, counts(0, 3));
    assert_eq!(app.count(changes).await, told, "nothing was different");
    // What was ingested with the old metadata is not taken for the same.
    let again = app
        .client
        .ingest(&base, document("b", json!({"draft": true}), json!({})))
        .await;
    assert_eq!(again["result"]["unchanged"], false, "{again}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_are_changed_for_which_all_that_is_given_holds() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let town = collection(&app.client, &base, "Town").await;
    for name in ["lamp/a", "lamp/b", "post/c"] {
        submit(&app, &base, document(name, json!({}), json!({}))).await;
    }
    let mut page = document("post/d", json!({}), json!({}));
    page["mime_type"] = json!("text/html");
    page["content"] = json!("<p>The lantern burns at dusk.</p>");
    page["collection_id"] = json!(town);
    submit(&app, &base, page).await;
    let mut failed = document("post/e", json!({}), json!({}));
    failed["mime_type"] = json!("text/html");
    failed["content"] = json!("<p></p>");
    let job = app.client.ingest(&base, failed).await;
    assert_eq!(job["state"], "dead", "{job}");

    let cases: [(Value, &[&str]); 9] = [
        (json!({"external_id_prefix": "lamp/"}), &["lamp/a", "lamp/b"]),
        // Nothing in it is a pattern.
        (json!({"external_id_prefix": "lamp_"}), &[]),
        (
            json!({"external_ids": ["post/c", "lamp/b", "unknown"]}),
            &["lamp/b", "post/c"],
        ),
        (json!({"mime_type": "TEXT/HTML"}), &["post/d", "post/e"]),
        (json!({"mime_type": "text/html", "state": "ready"}), &["post/d"]),
        (json!({"state": "failed"}), &["post/e"]),
        (json!({"collection_id": town}), &["post/d"]),
        (json!({"collection_id": town, "external_id_prefix": "lamp"}), &[]),
        (json!({}), &["lamp/a", "lamp/b", "post/c", "post/d", "post/e"]),
    ];
    for (number, (which, expected)) in cases.into_iter().enumerate() {
        let mut body = json!({"which": which, "metadata": {"seen": number}, "dry_run": true});
        let before = each(&app.client, &base, "metadata").await;
        let mut would = counts(expected.len(), 0);
        would["dry_run"] = json!(true);
        assert_eq!(update(&app, &base, body.clone()).await, would, "{body}");
        assert_eq!(each(&app.client, &base, "metadata").await, before, "{body}");
        body["dry_run"] = json!(false);
        assert_eq!(
            update(&app, &base, body.clone()).await,
            counts(expected.len(), 0),
            "{body}"
        );
        let after = each(&app.client, &base, "metadata").await;
        let seen = after.iter().filter(|(_, metadata)| metadata["seen"] == number);
        let names: Vec<&str> = seen.map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected, "{body}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrower_list_hides_them_once_the_job_has_ended_and_shows_them_to_those_it_names() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for name in ["a", "b"] {
        submit(&app, &base, document(name, json!({"n": 1}), json!({"users": ["ada"]}))).await;
    }
    let as_user = |user: &str| json!({"principal": {"user": user, "groups": []}});
    assert_eq!(found(&app, &base, as_user("ada")).await, ["a", "b"]);
    let body = json!({"which": {"external_ids": ["b"]}, "acl": {"users": ["bob"]}});
    assert_eq!(update(&app, &base, body).await, counts(1, 0));
    assert_eq!(found(&app, &base, as_user("ada")).await, ["a"]);
    assert_eq!(found(&app, &base, as_user("bob")).await, ["b"]);
    let metadata = each(&app.client, &base, "metadata").await;
    assert!(metadata.iter().all(|(_, metadata)| *metadata == json!({"n": 1})));
    assert_eq!(
        update(&app, &base, json!({"which": {}, "acl": null})).await,
        counts(2, 0)
    );
    assert!(found(&app, &base, as_user("bob")).await.is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_and_what_is_not_yet_keep_what_each_has_of_its_own() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut page = document("a", json!({"shelf": 1}), json!({"users": ["ada"]}));
    page["mime_type"] = json!("text/html");
    page["content"] = json!("<p>The lantern burns at dusk.</p>");
    submit(&app, &base, page.clone()).await;
    page["content"] = json!("<p></p>");
    page["metadata"] = json!({"shelf": 2});
    page["acl"] = json!({"public": true});
    let failed = app.client.ingest(&base, page).await;
    assert_eq!(failed["state"], "dead", "{failed}");

    let body = json!({"which": {}, "metadata": {"color": "red"}});
    assert_eq!(update(&app, &base, body).await, counts(1, 0));
    assert_eq!(
        each(&app.client, &base, "metadata").await,
        of(&[("a", json!({"color": "red", "shelf": 2}))])
    );
    let served = json!({"filter": {"shelf": 1, "color": "red"}, "principal": {"user": "ada", "groups": []}});
    assert_eq!(found(&app, &base, served).await, ["a"]);
    let strangers = json!({"principal": {"user": "bob", "groups": []}});
    assert!(found(&app, &base, strangers).await.is_empty(), "nobody asked for that");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_put_into_a_collection_and_out_of_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let (harbour, town) = (
        collection(&app.client, &base, "Harbour").await,
        collection(&app.client, &base, "Town").await,
    );
    for name in ["a", "b"] {
        let mut document = document(name, json!({}), json!({}));
        document["collection_id"] = json!(harbour);
        submit(&app, &base, document).await;
    }
    submit(&app, &base, document("c", json!({}), json!({}))).await;
    let before = each(&app.client, &base, "updated_at").await;
    let body = json!({"which": {"collection_id": harbour}, "collection_id": town});
    assert_eq!(update(&app, &base, body.clone()).await, counts(2, 0));
    assert_eq!(found(&app, &base, json!({"collection_ids": [town]})).await, ["a", "b"]);
    assert_eq!(
        each(&app.client, &base, "updated_at").await,
        before,
        "their content is the same"
    );
    assert_eq!(update(&app, &base, body).await, counts(0, 0), "there are none any more");
    let out = json!({"which": {"external_ids": ["a", "c"]}, "collection_id": null});
    assert_eq!(update(&app, &base, out).await, counts(1, 1));
    assert_eq!(found(&app, &base, json!({"collection_ids": [town]})).await, ["b"]);

    let foreign = app.client_b.knowledge_base("base").await;
    let foreign_town = collection(&app.client_b, &foreign, "Town").await;
    let body = json!({"which": {"collection_id": foreign_town}, "collection_id": foreign});
    let refused = app.client.post(&path(&base), body).await;
    refused.expect_problem(404, "not_found");
    let fields = refused.body["errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = fields.map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["which.collection_id", "collection_id"], "{}", refused.text);
    let refused = app
        .client
        .post(&path(&foreign), json!({"which": {}, "acl": {"public": true}}))
        .await;
    refused.expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_a_source_or_would_be_too_large_is_left_as_it_was_and_counted() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let large = json!({"text": "x".repeat(16_000)});
    submit(&app, &base, document("large", large.clone(), json!({}))).await;
    submit(&app, &base, document("small", json!({}), json!({}))).await;
    let page = submit(&app, &base, document("page", json!({}), json!({}))).await;
    let config = json!({"start_urls": ["https://example.com/"]});
    let source = app
        .client
        .post(
            &format!("/v1/knowledge-bases/{base}/sources"),
            json!({"kind": "web", "name": "site", "config": config}),
        )
        .await;
    app.execute(&format!(
        "INSERT INTO source_items (tenant_id, source_id, url, sync_id, depth, status, document_id)
         VALUES ('{}', '{}', 'https://example.com/', gen_random_uuid(), 0, 'ingested', '{page}')",
        app.tenant,
        source.body["id"].as_str().unwrap()
    ))
    .await;

    let more = json!({"more": "y".repeat(1000)});
    let body = json!({"which": {}, "metadata": more, "acl": {"public": true}});
    let expected =
        json!({"dry_run": false, "changed": 1, "unchanged": 0, "of_sources": 1, "too_large": 1, "skipped": 0});
    assert_eq!(update(&app, &base, body).await, expected);
    assert_eq!(
        each(&app.client, &base, "metadata").await,
        of(&[("large", large), ("page", json!({})), ("small", more)])
    );
    assert_eq!(
        each(&app.client, &base, "acl").await,
        of(&[
            ("large", json!({})),
            ("page", json!({})),
            ("small", json!({"public": true}))
        ]),
        "nothing of them is changed"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_update_of_a_base_runs_at_a_time_and_leaves_alone_what_was_submitted_since() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for name in ["a", "b"] {
        submit(&app, &base, document(name, json!({}), json!({}))).await;
    }
    let pause = hold_back(&app, "update_documents").await;
    let body = json!({"which": {}, "metadata": {"product": "lamp"}});
    let queued = app.client.post(&path(&base), body.clone()).await;
    assert_eq!(queued.status.as_u16(), 202, "{}", queued.text);
    let id = queued.body["id"].as_str().unwrap();
    let again = app.client.post(&path(&base), body).await;
    assert_eq!(again.body["id"], id, "the same has not ended: {}", again.text);
    let other = app
        .client
        .post(&path(&base), json!({"which": {}, "metadata": {"product": "post"}}))
        .await;
    other.expect_problem(409, "conflict");
    assert!(other.body["detail"].as_str().unwrap().contains(id), "{}", other.text);

    submit(&app, &base, document("b", json!({"product": "mine"}), json!({}))).await;
    submit(&app, &base, document("c", json!({}), json!({}))).await;
    let_go(&app, &pause).await;
    let ended = app.client.ended(id).await;
    let expected =
        json!({"dry_run": false, "changed": 1, "unchanged": 0, "of_sources": 0, "too_large": 0, "skipped": 2});
    assert_eq!(ended["result"], expected, "{ended}");
    assert_eq!(
        each(&app.client, &base, "metadata").await,
        of(&[
            ("a", json!({"product": "lamp"})),
            ("b", json!({"product": "mine"})),
            ("c", json!({}))
        ])
    );
    let next = json!({"which": {}, "metadata": {"product": "post"}});
    assert_eq!(update(&app, &base, next).await, counts(3, 0), "the first has ended");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_fails_midway_is_gone_on_with() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut documents = Vec::new();
    for number in 0..110 {
        let body = document(&format!("{number:03}"), json!({}), json!({}));
        let submitted = app
            .client
            .post(&format!("/v1/knowledge-bases/{base}/documents"), body)
            .await;
        documents.push(submitted.body["document_id"].as_str().unwrap().to_owned());
    }
    let pending = format!("/v1/knowledge-bases/{base}/documents?state=pending");
    eventually("nothing is pending", Duration::from_secs(60), async || {
        app.client.get(&pending).await.body["data"] == json!([])
    })
    .await;
    // The second page, which has the oldest, cannot be written.
    app.execute(&format!(
        "ALTER TABLE documents ADD CONSTRAINT newest CHECK (metadata -> 'n' IS NULL OR id > '{}') NOT VALID",
        documents[5]
    ))
    .await;
    let queued = app
        .client
        .post(&path(&base), json!({"which": {}, "metadata": {"n": 1}}))
        .await;
    let id = queued.body["id"].as_str().unwrap();
    eventually("its second page has failed", Duration::from_secs(30), async || {
        app.client.get(&format!("/v1/jobs/{id}")).await.body["state"] == "retryable"
    })
    .await;
    let changed = "SELECT count(*) AS count FROM documents WHERE metadata -> 'n' IS NOT NULL";
    assert_eq!(app.count(changed).await, 100, "a page is changed as a whole");
    app.execute("ALTER TABLE documents DROP CONSTRAINT newest").await;
    app.client.post(&format!("/v1/jobs/{id}/run"), Value::Null).await;
    let ended = app.client.ended(id).await;
    assert_eq!(ended["result"], counts(10, 100), "{ended}");
    assert_eq!(app.count(changed).await, 110);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_an_update_is_told_at_once() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let refused = async |body: Value| {
        let refused = app.client.post(&path(&base), body).await;
        refused.expect_problem(422, "invalid");
        let told = |error: &Value| {
            let of = |name: &str| error[name].as_str().unwrap().to_owned();
            format!("{} {}", of("field"), of("code"))
        };
        let mut told: Vec<String> = refused.body["errors"].as_array().unwrap().iter().map(told).collect();
        told.sort();
        told
    };
    let wrong = json!({"which": {"state": "deleting", "external_ids": [], "source_id": base}, "metadata": {"$title": 1}, "acl": {"public": 1},
        "collection_id": "Town", "dry_run": 1, "title": "Lamp"});
    assert_eq!(
        refused(wrong).await,
        [
            "acl.public type",
            "collection_id invalid",
            "dry_run type",
            "metadata reserved",
            "title unknown",
            "which.external_ids count",
            "which.source_id unknown",
            "which.state invalid",
        ]
    );
    assert_eq!(refused(json!({})).await, ["metadata required", "which required"]);
    assert_eq!(refused(json!({"which": {}})).await, ["metadata required"]);
    let nothing = json!({"which": {}, "metadata": {}});
    assert_eq!(
        refused(nothing).await,
        ["metadata empty"],
        "not the metadata as a whole"
    );
    let nothing = json!({"which": {}, "metadata": null});
    assert_eq!(refused(nothing).await, ["metadata type"]);
    let jobs = "SELECT count(*) AS count FROM jobs WHERE kind = 'update_documents'";
    assert_eq!(app.count(jobs).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_changed_from_the_command_line() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("docs").await;
    let town = collection(&app.client, &base, "Town").await;
    for name in ["lamp/a", "post/b"] {
        submit(&app, &base, document(name, json!({"draft": true, "n": 1}), json!({}))).await;
    }
    let visualkit = async |more: &[&str]| {
        let which = [
            "documents",
            "update-many",
            "--kb",
            "docs",
            "--external-id-prefix",
            "lamp/",
        ];
        app.client.visualkit(&[&which[..], more].concat()).await
    };
    let change = [
        "--metadata",
        r#"{"draft": null, "product": "lamp"}"#,
        "--move-to",
        "Town",
    ];
    let said = visualkit(&[&change[..], &["--dry-run"]].concat()).await;
    assert!(said.ends_with("  succeeded\nwould change  1 (unchanged 0)\n"), "{said}");
    let said = visualkit(&[&change[..], &["--wait"]].concat()).await;
    assert!(said.ends_with("  succeeded\nchanged  1 (unchanged 0)\n"), "{said}");
    assert_eq!(
        each(&app.client, &base, "metadata").await,
        of(&[
            ("lamp/a", json!({"n": 1, "product": "lamp"})),
            ("post/b", json!({"draft": true, "n": 1}))
        ])
    );
    assert_eq!(
        each(&app.client, &base, "collection_id").await,
        of(&[("lamp/a", json!(town)), ("post/b", Value::Null)])
    );
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents?external_id=post%2Fb"))
        .await;
    let id = listed.body["data"][0]["id"].as_str().unwrap();
    let said = app
        .client
        .visualkit(&["documents", "update", id, "--collection", "Town"])
        .await;
    assert!(said.contains(&format!("\ncollection  {town}\n")), "{said}");
    app.finish().await;
}
