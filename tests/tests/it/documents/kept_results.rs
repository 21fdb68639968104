//! What a search or an answer found is shown later only as far as its viewer may still see it, and its words are kept no longer than the
//! documents they stand in.
use serde_json::{Value, json};
use tests::TestApp;

const TEXT: &str = "The lantern called amber burns whale oil for nine hours.";

async fn ingest(app: &TestApp, base: &str, acl: Value) -> String {
    let document =
        json!({"title": "Amber", "content": TEXT, "mime_type": "text/plain", "external_id": "amber", "acl": acl});
    app.client.ingest(base, document).await["document_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A search and an answer by somebody of the staff, both with a result, as jobs.
async fn ask(app: &TestApp, base: &str) -> [String; 2] {
    let staff = json!({"user": "ann", "groups": ["staff"]});
    let search = json!({"knowledge_base_ids": [base], "query": "lantern amber", "principal": staff});
    let question = json!({"knowledge_base_ids": [base], "question": "How many hours does the lantern amber burn?", "principal": staff});
    let search = app.client.post_waiting("/v1/search", search, 20).await.body;
    assert_eq!(search["result"]["results"][0]["text"], TEXT, "{search}");
    assert!(
        search["result"]["results"][0]["highlights"][0]
            .as_str()
            .unwrap()
            .contains("lantern called amber"),
        "{search}"
    );
    let answer = app.client.post_waiting("/v1/answers", question, 20).await.body;
    assert_eq!(answer["result"]["answer"], TEXT, "{answer}");
    [search, answer].map(|job| job["id"].as_str().unwrap().to_owned())
}

async fn result(app: &TestApp, job: &str) -> Value {
    app.client.get(&format!("/v1/jobs/{job}")).await.body["result"].clone()
}

async fn assert_nothing_is_shown(app: &TestApp, [search, answer]: &[String; 2]) {
    assert_eq!(result(app, search).await["results"], json!([]));
    let answer = result(app, answer).await;
    assert_eq!(
        (
            &answer["outcome"],
            &answer["answer"],
            &answer["citations"],
            &answer["sentences"]
        ),
        (&json!("abstained"), &json!(""), &json!([]), &json!([]))
    );
    let listed = app.client.get("/v1/jobs?limit=100").await;
    assert!(
        !listed.text.contains("whale"),
        "the list shows no more: {}",
        listed.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_search_holds_no_word_of_what_it_found() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, json!({"groups": ["staff"]})).await;
    let jobs = ask(&app, &base).await;
    assert_eq!(
        result(&app, &jobs[0]).await["results"][0]["text"],
        TEXT,
        "it is filled in"
    );
    let kept = "SELECT count(*) FROM job_bodies b JOIN jobs j ON j.id = b.job_id
                WHERE j.kind = 'search_knowledge' AND b.result::text LIKE '%whale%'";
    assert_eq!(app.count(kept).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_leaves_the_results_that_quoted_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app, &base, json!({"groups": ["staff"]})).await;
    let jobs = ask(&app, &base).await;
    let deletion = app.client.delete(&format!("/v1/documents/{document}")).await;
    assert_nothing_is_shown(&app, &jobs).await;
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    assert_nothing_is_shown(&app, &jobs).await;
    let quoted = "SELECT count(*) FROM job_bodies WHERE result::text LIKE '%whale%'";
    assert_eq!(app.count(quoted).await, 0, "no row keeps its words");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_base_leaves_the_results_that_quoted_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, json!({"groups": ["staff"]})).await;
    let jobs = ask(&app, &base).await;
    let deletion = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    assert_nothing_is_shown(&app, &jobs).await;
    app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    let quoted = "SELECT count(*) FROM job_bodies WHERE result::text LIKE '%whale%'";
    assert_eq!(app.count(quoted).await, 0, "no row keeps its words");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_withdrawn_from_its_viewer_leaves_results_before_it_is_indexed_again() {
    let mut app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, json!({"groups": ["staff"]})).await;
    let jobs = ask(&app, &base).await;
    app.stop_workers().await;
    let narrowed = json!({"title": "Amber", "content": TEXT, "mime_type": "text/plain", "external_id": "amber", "acl": {"groups": ["board"]}});
    let submitted = app
        .client
        .post(&format!("/v1/knowledge-bases/{base}/documents"), narrowed)
        .await;
    assert_nothing_is_shown(&app, &jobs).await;
    app.start_workers(jobs::Pool::ALL.to_vec());
    app.client.ended(submitted.body["id"].as_str().unwrap()).await;
    assert_nothing_is_shown(&app, &jobs).await;
    let by_tenant = json!({"knowledge_base_ids": [base], "query": "lantern"});
    let found = app.client.search(by_tenant).await;
    assert_eq!(
        found["results"].as_array().unwrap().len(),
        1,
        "the tenant itself sees it"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_chunk_leaves_searches_and_the_answer_stays() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, json!({"groups": ["staff"]})).await;
    let [search, answer] = ask(&app, &base).await;
    let replacement = json!({"title": "Amber", "content": "The lantern called amber is out of stock.", "mime_type": "text/plain",
        "external_id": "amber", "acl": {"groups": ["staff"]}});
    app.client.ingest(&base, replacement).await;
    assert_eq!(result(&app, &search).await["results"], json!([]));
    assert_eq!(
        result(&app, &answer).await["answer"],
        TEXT,
        "it was said, and its document may be seen"
    );
    app.finish().await;
}
