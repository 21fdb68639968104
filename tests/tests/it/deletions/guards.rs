//! What was deleted or withdrawn is shown by nothing from the moment on that says so, although its job has not run and every replica still holds it.
use super::support::{SENTINEL, delete, document, ingest, ingest_for};
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{FakeSite, SitePage, TestApp};

const QUESTION: &str = "How many meters does amber measure from wing to wing?";

/// Everything that a reader can ask, in one body each; `as_whom` adds the principal.
async fn asked(app: &TestApp, base: &str, as_whom: &Value) -> Vec<Value> {
    let mut jobs = Vec::new();
    for mode in ["hybrid", "keyword", "vector"] {
        let mut search = json!({"knowledge_base_ids": [base], "query": "meters wing", "mode": mode, "explain": true, "neighbours": 2,
            "collapse": mode != "vector", "limit": 5});
        search
            .as_object_mut()
            .unwrap()
            .extend(as_whom.as_object().unwrap().clone());
        jobs.push(app.client.post_waiting("/v1/search", search, 20).await.body);
    }
    let mut question = json!({"knowledge_base_ids": [base], "question": QUESTION});
    question
        .as_object_mut()
        .unwrap()
        .extend(as_whom.as_object().unwrap().clone());
    jobs.push(app.client.post_waiting("/v1/answers", question, 20).await.body);
    for job in &jobs {
        assert_eq!(job["state"], "succeeded", "{job}");
    }
    jobs
}

/// The jobs as they can be read again later: one by one, in the list, and as events.
async fn read_again(app: &TestApp, jobs: &[Value]) -> String {
    let mut said = app.client.get("/v1/jobs?limit=100").await.text;
    for job in jobs {
        let id = job["id"].as_str().unwrap();
        said.push_str(&app.client.get(&format!("/v1/jobs/{id}")).await.text);
        said.push_str(&app.client.get(&format!("/v1/jobs/{id}/events")).await.text);
    }
    said
}

/// Holds back jobs of the kind, which are accepted all the same.
pub(crate) async fn hold_back(app: &TestApp, kind: &str) -> String {
    let paused = app.client.post("/v1/pauses", json!({"kind": kind})).await;
    paused.body["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn let_go(app: &TestApp, pause: &str) {
    app.client.delete(&format!("/v1/pauses/{pause}")).await;
}

fn tells_of(said: &str, document: &str) -> bool {
    said.to_lowercase().contains(SENTINEL) || said.contains(document)
}

/// Asks before and after `hide`, which hides the document and answers before any replica can have heard of it.
async fn nothing_tells_of(app: &TestApp, base: &str, document: &str, as_whom: Value, hide: impl AsyncFnOnce()) {
    let before = asked(app, base, &as_whom).await;
    for job in &before {
        assert!(tells_of(&job["result"].to_string(), document), "it is found: {job}");
    }
    let chunk_ids: Vec<String> = before[0]["result"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|ranked| ranked["document_id"] == document)
        .map(|ranked| ranked["chunk_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(chunk_ids.len(), 1);
    hide().await;
    let after = asked(app, base, &as_whom).await;
    for job in &after {
        let said = job["result"].to_string();
        assert!(!tells_of(&said, document) && !said.contains(&chunk_ids[0]), "{job}");
    }
    let results = |jobs: &[Value]| jobs.iter().map(|job| job["result"].to_string()).collect::<String>();
    let again = read_again(app, &[before.as_slice(), after.as_slice()].concat()).await;
    // A list of all jobs names documents that other jobs are about: what is shown of them is looked for.
    assert!(
        !again.to_lowercase().contains(SENTINEL) && !again.contains(&chunk_ids[0]),
        "{again}"
    );
    assert!(!results(&after).contains(document));
    // Nor has an answer that was composed since kept any of its words.
    let kept = format!(
        "SELECT count(*) FROM job_bodies b JOIN jobs j ON j.id = b.job_id WHERE j.kind = 'answer_question' AND j.id = '{}'
             AND b.result::text ILIKE '%{SENTINEL}%'",
        after[3]["id"].as_str().unwrap()
    );
    assert_eq!(app.count(&kept).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_shown_by_nothing_before_its_job_has_run() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let (gone, kept) = (
        ingest(&app.client, &base, "amber").await,
        app.client
            .ingest(
                &base,
                json!({"title": "Bat", "content": "A bat measures thirty centimeters from wing to wing.", "mime_type": "text/plain"}),
            )
            .await["document_id"]
            .clone(),
    );
    let pause = hold_back(&app, "delete_document").await;
    nothing_tells_of(&app, &base, &gone, json!({}), async || {
        delete(&app.client, &format!("/v1/documents/{gone}")).await;
    })
    .await;
    let chunks = app.client.get(&format!("/v1/documents/{gone}/chunks")).await;
    chunks.expect_problem(404, "not_found");
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "meters wing"}))
        .await;
    assert_eq!(
        found["results"][0]["document_id"], kept,
        "the others are found: {found}"
    );
    let_go(&app, &pause).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_the_same_as_a_deleted_document_is_not_said_to() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app.client, &base, "amber").await;
    let twin = app.client.ingest(&base, document("amber", &json!({}))).await;
    assert_eq!(twin["state"], "succeeded");
    let copy = json!({"title": "Copy", "content": document("amber", &json!({}))["content"], "mime_type": "text/plain", "external_id": "copy"});
    let copy = app.client.ingest(&base, copy).await["document_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({"knowledge_base_ids": [base], "query": "meters wing", "collapse": true});
    let before = app.client.post_waiting("/v1/search", body, 20).await.body;
    let first = &before["result"]["results"][0];
    assert_eq!(first["duplicates"].as_array().map(Vec::len), Some(1), "{before}");
    // Whichever of them ranks lower.
    let other = if first["document_id"] == copy.as_str() {
        twin["document_id"].as_str().unwrap().to_owned()
    } else {
        copy
    };
    let pause = hold_back(&app, "delete_document").await;
    delete(&app.client, &format!("/v1/documents/{other}")).await;
    let again = app
        .client
        .get(&format!("/v1/jobs/{}", before["id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(again["result"]["results"].as_array().map(Vec::len), Some(1), "{again}");
    assert_eq!(again["result"]["results"][0]["duplicates"], Value::Null, "{again}");
    let_go(&app, &pause).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_withdrawn_before_its_new_list_is_indexed() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let staff = json!({"groups": ["staff"]});
    let withdrawn = ingest_for(&app.client, &base, "amber", &staff).await;
    let pause = hold_back(&app, "ingest_document").await;
    nothing_tells_of(&app, &base, &withdrawn, json!({"principal": staff}), async || {
        let narrowed = document("amber", &json!({"groups": ["board"]}));
        let submitted = app
            .client
            .post(&format!("/v1/knowledge-bases/{base}/documents"), narrowed)
            .await;
        assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    })
    .await;
    let_go(&app, &pause).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_list_was_narrowed_in_place_is_shown_by_nothing_although_no_replica_has_heard_of_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let staff = json!({"groups": ["staff"]});
    let withdrawn = ingest_for(&app.client, &base, "amber", &staff).await;
    let mut conn = app.database.owner().await;
    nothing_tells_of(&app, &base, &withdrawn, json!({"principal": staff}), async || {
        let path = format!("/v1/documents/{withdrawn}");
        let narrowed = app.client.request(Method::PATCH, &path);
        let narrowed = app
            .client
            .send(narrowed.json(&json!({"acl": {"groups": ["board"]}})))
            .await;
        assert_eq!(narrowed.status.as_u16(), 200, "{}", narrowed.text);
        // From here on no replica can read the log of changes.
        conn.batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
    })
    .await;
    conn.batch_execute("COMMIT").await.unwrap();
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_switched_off_is_shown_by_nothing_although_no_replica_has_heard_of_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let hidden = ingest(&app.client, &base, "amber").await;
    let mut conn = app.database.owner().await;
    nothing_tells_of(&app, &base, &hidden, json!({}), async || {
        let path = format!("/v1/documents/{hidden}");
        let switched = app.client.request(Method::PATCH, &path);
        let switched = app.client.send(switched.json(&json!({"enabled": false}))).await;
        assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
        // From here on no replica can read the log of changes.
        conn.batch_execute("BEGIN; LOCK TABLE index_changes IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
    })
    .await;
    conn.batch_execute("COMMIT").await.unwrap();
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_a_deleted_source_are_shown_by_nothing_before_its_job_has_run() {
    let app = TestApp::start().await;
    let page = SitePage::html(&format!(
        "<html><head><title>{SENTINEL}</title></head><body><main><h1>{SENTINEL}</h1><p>The {SENTINEL} called amber measures eleven meters from wing to wing.</p></main></body></html>"
    ));
    let site = FakeSite::start(&[("/", page)]).await;
    let base = app.client.knowledge_base("base").await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
    let body = json!({"kind": "web", "name": "site", "config": config, "acl": {"public": true}});
    let source = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), body)
        .await
        .body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let synced = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    app.client.ended(synced.body["id"].as_str().unwrap()).await;
    tests::eventually("the page is ingested", std::time::Duration::from_secs(30), async || {
        let listed = app
            .client
            .get(&format!("/v1/knowledge-bases/{base}/documents?state=ready"))
            .await;
        listed.body["data"].as_array().unwrap().len() == 1
    })
    .await;
    let listed = app.client.get(&format!("/v1/knowledge-bases/{base}/documents")).await;
    let gone = listed.body["data"][0]["id"].as_str().unwrap().to_owned();
    let pause = hold_back(&app, "delete_source").await;
    nothing_tells_of(&app, &base, &gone, json!({}), async || {
        delete(&app.client, &format!("/v1/sources/{source}")).await;
    })
    .await;
    let_go(&app, &pause).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_can_neither_be_called_off_nor_given_up() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let id = ingest(&app.client, &base, "a").await;
    hold_back(&app, "delete_document").await;
    let job = delete(&app.client, &format!("/v1/documents/{id}")).await;
    let refused = app.client.post(&format!("/v1/jobs/{job}/cancel"), Value::Null).await;
    refused.expect_problem(409, "conflict");
    assert_eq!(app.client.get(&format!("/v1/jobs/{job}")).await.body["state"], "queued");

    // As if it had failed for good.
    app.execute(&format!(
        "UPDATE jobs SET state = 'dead', finished_at = now() WHERE id = '{job}'"
    ))
    .await;
    for dry_run in [true, false] {
        let body = json!({"ids": [job], "reason": "no more", "dry_run": dry_run});
        let given_up = app.client.post("/v1/dead-letters/discard", body).await.body;
        assert_eq!(
            (&given_up["discarded"], &given_up["skipped"]),
            (&json!([]), &json!([{"id": job, "reason": "deletion"}]))
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_takes_no_place_of_what_says_the_same() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let twin = |external_id: &str, title: &str| {
        json!({"title": title, "mime_type": "text/plain", "external_id": external_id, "acl": {"public": true},
            "content": "The lantern of the harbour is lit at dusk and put out at dawn, every day of the year but one."})
    };
    // The first is found before the other, which says the same.
    let best = app.client.ingest(&base, twin("a", "Lantern of the harbour")).await;
    app.client.ingest(&base, twin("b", "Something else")).await;
    let search = json!({"knowledge_base_ids": [base], "query": "lantern harbour", "collapse": true});
    let found = app.client.search(search.clone()).await;
    let titles = |found: &Value| -> Vec<String> {
        let hits = found["results"].as_array().unwrap().iter();
        hits.map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&found), ["Lantern of the harbour"], "{found}");
    let pause = hold_back(&app, "delete_document").await;
    delete(
        &app.client,
        &format!("/v1/documents/{}", best["document_id"].as_str().unwrap()),
    )
    .await;
    assert_eq!(titles(&app.client.search(search).await), ["Something else"]);
    let_go(&app, &pause).await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sources_of_a_deleted_base_are_there_no_more() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let site = FakeSite::start(&[("/", SitePage::html("<p>lantern</p>"))]).await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
    let body = json!({"kind": "web", "name": "site", "config": config});
    let made = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), body)
        .await;
    let path = format!("/v1/sources/{}", made.body["id"].as_str().unwrap());
    let pause = hold_back(&app, "delete_knowledge_base").await;
    delete(&app.client, &format!("/v1/knowledge-bases/{base}")).await;
    for seen in ["", "/items", "/syncs"] {
        let seen = app.client.get(&format!("{path}{seen}")).await;
        seen.expect_problem(404, "not_found");
    }
    let change = app.client.request(Method::PATCH, &path).json(&json!({"name": "other"}));
    app.client.send(change).await.expect_problem(404, "not_found");
    let synced = app.client.post(&format!("{path}/sync"), json!({})).await;
    synced.expect_problem(404, "not_found");
    let_go(&app, &pause).await;
    app.abandon().await;
}
