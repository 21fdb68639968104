//! Switching a document off and on: it stays as it is, and nothing finds it meanwhile.
use crate::sources::{make, page, start, sync};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, FakeSite, TestApp};

const QUESTION: &str = "How many hours does the lantern burn?";

fn lantern(content: &str) -> Value {
    json!({"title": "Lantern", "content": content, "mime_type": "text/plain", "external_id": "lantern", "metadata": {"shelf": 1}})
}

/// A base with the lantern and one other document, by the ids of the base and of the lantern.
async fn with_lantern(app: &TestApp) -> (String, String) {
    let base = app.client.knowledge_base("base").await;
    let bat =
        json!({"title": "Bat", "content": "A bat sleeps by day.", "mime_type": "text/plain", "external_id": "bat"});
    assert_eq!(app.client.ingest(&base, bat).await["state"], "succeeded");
    let job = app
        .client
        .ingest(&base, lantern("The lantern burns whale oil for nine hours."))
        .await;
    assert_eq!(job["state"], "succeeded", "{job}");
    (base, job["document_id"].as_str().unwrap().to_owned())
}

async fn patch(app: &TestApp, document: &str, body: Value, if_match: Option<&str>) -> Answered {
    let request = app.client.request(Method::PATCH, &format!("/v1/documents/{document}"));
    let request = match if_match {
        Some(tag) => request.header("if-match", tag),
        None => request,
    };
    app.client.send(request.json(&body)).await
}

/// Switches it, which must work, and returns the document.
async fn switch(app: &TestApp, document: &str, enabled: bool) -> Value {
    let switched = patch(app, document, json!({ "enabled": enabled }), None).await;
    assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    assert_eq!(switched.body["enabled"], enabled, "{}", switched.text);
    switched.body
}

async fn show(app: &TestApp, document: &str) -> Value {
    app.client.get(&format!("/v1/documents/{document}")).await.body
}

/// In how many of the modes a search finds the document, which all replicas have heard of.
async fn found_in(app: &TestApp, base: &str, document: &str, query: &str) -> usize {
    let mut modes = 0;
    for mode in ["keyword", "vector", "hybrid"] {
        let asked = json!({"knowledge_base_ids": [base], "query": query, "mode": mode, "neighbours": 1});
        let found = app.client.search(asked).await;
        assert_eq!(found["stale"], false, "{found}");
        let mut hits = found["results"].as_array().unwrap().iter();
        modes += usize::from(hits.any(|hit| hit["document_id"] == document));
    }
    modes
}

async fn answer(app: &TestApp, base: &str) -> Value {
    let question = json!({"knowledge_base_ids": [base], "question": QUESTION});
    let answered = app.client.post_waiting("/v1/answers", question, 20).await.body;
    assert_eq!(answered["state"], "succeeded", "{answered}");
    answered["result"].clone()
}

async fn listed(app: &TestApp, base: &str, query: &str) -> Vec<String> {
    let page = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents?{query}"))
        .await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    let documents = page.body["data"].as_array().unwrap().iter();
    documents
        .map(|document| document["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_found_by_nothing_until_it_is_switched_on_and_nothing_is_ingested_for_it() {
    let app = TestApp::start().await;
    let (base, document) = with_lantern(&app).await;
    assert_eq!(show(&app, &document).await["enabled"], true);
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 3);
    assert!(
        answer(&app, &base).await["answer"]
            .as_str()
            .unwrap()
            .contains("nine hours")
    );
    let chunks = app.client.get(&format!("/v1/documents/{document}/chunks")).await.body;
    let kept = "SELECT (SELECT count(*) FROM embeddings) * 1000 + (SELECT count(*) FROM jobs WHERE kind = 'ingest_document') AS count";
    let before = app.count(kept).await;
    let embedded = || {
        let texts = app.words.embedded.lock().unwrap();
        texts.iter().filter(|text| text.contains("nine hours")).count()
    };
    let texts = embedded();

    let off = switch(&app, &document, false).await;
    let facts = ["state", "ready_version", "chunk_count", "metadata"].map(|field| off[field].clone());
    assert_eq!(facts, [json!("ready"), json!(1), json!(1), json!({"shelf": 1})]);
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 0);
    let abstained = answer(&app, &base).await;
    assert!(!abstained.to_string().contains("nine hours"), "{abstained}");
    // Who owns it still reads it.
    let read = app.client.get(&format!("/v1/documents/{document}/chunks")).await;
    assert_eq!(read.body, chunks);
    let content = app.client.get(&format!("/v1/documents/{document}/content")).await;
    assert_eq!(content.text, "The lantern burns whale oil for nine hours.");
    assert_eq!(listed(&app, &base, "enabled=false").await, ["Lantern"]);
    assert_eq!(listed(&app, &base, "enabled=true").await, ["Bat"]);
    assert_eq!(listed(&app, &base, "enabled=false&q=bat").await, Vec::<String>::new());
    assert_eq!(listed(&app, &base, "state=ready").await, ["Lantern", "Bat"]);

    switch(&app, &document, true).await;
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 3);
    // An answer embeds the sentences that it chooses from.
    assert_eq!((app.count(kept).await, embedded()), (before, texts));
    assert!(
        answer(&app, &base).await["answer"]
            .as_str()
            .unwrap()
            .contains("nine hours")
    );
    let logged = "SELECT max(seq) AS count FROM index_changes";
    let at = app.count(logged).await;
    switch(&app, &document, true).await;
    assert_eq!(app.count(logged).await, at, "it was on");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_read_later_leaves_out_what_was_switched_off_and_has_it_again() {
    let app = TestApp::start().await;
    let (base, document) = with_lantern(&app).await;
    let asked = json!({"knowledge_base_ids": [base], "query": "lantern burns", "explain": true});
    let search = app.client.post_waiting("/v1/search", asked, 20).await.body;
    let question = json!({"knowledge_base_ids": [base], "question": QUESTION});
    let answer = app.client.post_waiting("/v1/answers", question, 20).await.body;
    let read = async || {
        let mut said = String::new();
        for job in [&search, &answer] {
            let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
            said.push_str(&app.client.get(&path).await.body["result"].to_string());
        }
        said
    };
    let before = read().await;
    assert!(before.contains("nine hours") && before.contains(&document), "{before}");
    switch(&app, &document, false).await;
    let off = read().await;
    assert!(!off.contains("nine hours") && !off.contains(&document), "{off}");
    switch(&app, &document, true).await;
    let on = read().await;
    assert!(on.contains("nine hours") && on.contains(&document), "{on}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_or_ingested_again_stays_switched_off() {
    let app = TestApp::start().await;
    let (base, document) = with_lantern(&app).await;
    switch(&app, &document, false).await;
    let again = app.client.ingest(&base, lantern("The lantern has a wick.")).await;
    assert_eq!(
        (&again["state"], again["document_id"].as_str()),
        (&json!("succeeded"), Some(document.as_str())),
        "{again}"
    );
    let shown = show(&app, &document).await;
    assert_eq!(
        (&shown["enabled"], &shown["ready_version"]),
        (&json!(false), &json!(2)),
        "{shown}"
    );
    assert_eq!(found_in(&app, &base, &document, "lantern wick").await, 0);
    let reingest = app
        .client
        .post(&format!("/v1/documents/{document}/reingest"), Value::Null)
        .await;
    let ended = app.client.ended(reingest.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(found_in(&app, &base, &document, "lantern wick").await, 0);
    let revised = patch(&app, &document, json!({"metadata": {"shelf": 2}}), None).await;
    assert_eq!(revised.body["enabled"], false, "{}", revised.text);
    assert_eq!(found_in(&app, &base, &document, "lantern wick").await, 0);
    // The default, and what else is changed with it.
    let on = patch(
        &app,
        &document,
        json!({"enabled": null, "metadata": {"shelf": 3}}),
        None,
    )
    .await;
    assert_eq!(
        (&on.body["enabled"], &on.body["metadata"]),
        (&json!(true), &json!({"shelf": 3})),
        "{}",
        on.text
    );
    assert_eq!(found_in(&app, &base, &document, "lantern wick").await, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_switched_only_if_it_is_what_was_read_and_by_who_owns_it() {
    let app = TestApp::start().await;
    let (base, document) = with_lantern(&app).await;
    let read = app.client.get(&format!("/v1/documents/{document}")).await;
    let tag = read.headers["etag"].as_str();
    let off = patch(&app, &document, json!({"enabled": false}), Some(tag)).await;
    assert_eq!(off.status.as_u16(), 200, "{}", off.text);
    let refused = patch(&app, &document, json!({"enabled": true}), Some(tag)).await;
    refused.expect_problem(412, "precondition_failed");
    let refused = patch(&app, &document, json!({"enabled": "no"}), None).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["field"], "enabled", "{}", refused.text);
    let foreign = app
        .client_b
        .request(Method::PATCH, &format!("/v1/documents/{document}"))
        .json(&json!({"enabled": true}));
    app.client_b.send(foreign).await.expect_problem(404, "not_found");
    assert_eq!(show(&app, &document).await["enabled"], false);
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 0);
    let refused = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents?enabled=no"))
        .await;
    refused.expect_problem(400, "invalid_query");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_source_is_switched_off_and_no_sync_undoes_it() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &["/a"])), ("/a", page("aardvarks", &[]))]).await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    sync(&app, &source, json!({})).await;
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents?q=aardvarks"))
        .await;
    let document = listed.body["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(found_in(&app, &base, &document, "aardvarks").await, 3);
    switch(&app, &document, false).await;
    assert_eq!(found_in(&app, &base, &document, "aardvarks").await, 0);
    let refused = patch(&app, &document, json!({"enabled": true, "metadata": {"a": 1}}), None).await;
    refused.expect_problem(409, "conflict");

    site.put("/a", page("aardvarks and ants", &[]));
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 1);
    let shown = show(&app, &document).await;
    assert_eq!(
        (&shown["enabled"], &shown["ready_version"]),
        (&json!(false), &json!(2)),
        "{shown}"
    );
    assert_eq!(found_in(&app, &base, &document, "aardvarks ants").await, 0);
    switch(&app, &document, true).await;
    assert_eq!(found_in(&app, &base, &document, "aardvarks ants").await, 3);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_switched_off_and_on_from_the_command_line() {
    let app = TestApp::start().await;
    let (base, document) = with_lantern(&app).await;
    let said = app
        .client
        .visualkit(&["documents", "update", &document, "--disable"])
        .await;
    assert!(said.contains("enabled  false\n"), "{said}");
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 0);
    let said = app.client.visualkit(&["documents", "show", &document]).await;
    assert!(said.contains("switched off: nothing finds it\n"), "{said}");
    let said = app.client.visualkit(&["documents", "list", "base", "--disabled"]).await;
    assert!(
        said.contains("switched off") && said.contains(&document) && !said.contains("Bat"),
        "{said}"
    );
    let said = app
        .client
        .visualkit(&["documents", "update", &document, "--enable"])
        .await;
    assert!(said.contains("enabled  true\n"), "{said}");
    assert_eq!(found_in(&app, &base, &document, "lantern burns").await, 3);
    app.finish().await;
}
