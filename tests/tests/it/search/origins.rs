//! Where a result and a citation say that they come from.
use reqwest::Method;
use serde_json::{Value, json};
use tests::TestApp;

const STAFF: [&str; 1] = ["staff"];

/// A document of several chunks, whose id looks like an address and is none that a source found.
async fn ingest(app: &TestApp, base: &str) -> String {
    let filler = "Lorem ipsum dolor sit amet consetetur sadipscing elitr. ".repeat(20);
    let content = format!("# Care\n\n{filler}\n\n# Battery\n\nThe lantern burns for 36 hours. {filler}");
    let document = json!({"title": "Lantern", "content": content, "mime_type": "text/markdown",
        "external_id": "https://example.com/lantern", "metadata": {"shelf": 1}, "acl": {"groups": STAFF}});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

/// The place in the document of what was found or cited, as the list of its chunks has it.
async fn place(app: &TestApp, document: &str, found: &Value) -> Value {
    let listed = app.client.get(&format!("/v1/documents/{document}/chunks")).await.body;
    let mut chunks = listed["data"].as_array().unwrap().iter();
    let chunk = chunks.find(|chunk| chunk["id"] == found["chunk_id"]);
    chunk.unwrap_or_else(|| panic!("not in {listed}: {found}"))["ordinal"].clone()
}

/// The job of a search that shows metadata.
async fn search(app: &TestApp, base: &str) -> String {
    let body = json!({"knowledge_base_ids": [base], "query": "burns hours", "mode": "keyword", "include_metadata": true,
        "principal": {"groups": STAFF}});
    let job = app.client.post_waiting("/v1/search", body, 20).await.body;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["id"].as_str().unwrap().to_owned()
}

async fn shown(app: &TestApp, job: &str) -> Value {
    app.client.get(&format!("/v1/jobs/{job}")).await.body["result"]["results"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_names_its_document_as_its_owner_does_and_its_place_in_it() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app, &base).await;
    let body = json!({"knowledge_base_ids": [base], "query": "burns hours", "mode": "keyword"});
    let found = app.client.search(body).await;
    let hit = &found["results"][0];
    assert_eq!(
        (&hit["external_id"], &hit["mime_type"]),
        (&json!("https://example.com/lantern"), &json!("text/markdown")),
        "{hit}"
    );
    assert_eq!(hit["ordinal"], place(&app, &document, hit).await);
    assert!(hit["ordinal"].as_i64() > Some(0), "another stands before it: {hit}");
    assert!(
        hit.get("url").is_none(),
        "what a client calls a document is no address: {hit}"
    );
    assert!(hit.get("metadata").is_none(), "it was not asked for: {hit}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_shown_as_it_is_by_then_and_to_nobody_who_may_not_see_the_document() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app, &base).await;
    let job = search(&app, &base).await;
    assert_eq!(shown(&app, &job).await[0]["metadata"], json!({"shelf": 1}));
    let patch = async |body: Value| {
        let request = app.client.request(Method::PATCH, &format!("/v1/documents/{document}"));
        assert_eq!(app.client.send(request.json(&body)).await.status.as_u16(), 200);
    };
    patch(json!({"metadata": {"shelf": 2}})).await;
    assert_eq!(shown(&app, &job).await[0]["metadata"], json!({"shelf": 2}));
    let kept = "SELECT count(*) FROM job_bodies b JOIN jobs j ON j.id = b.job_id
                WHERE j.kind = 'search_knowledge' AND b.result::text LIKE '%shelf%'";
    assert_eq!(app.count(kept).await, 0, "it is read, not kept");
    patch(json!({"acl": {"groups": ["board"]}})).await;
    assert_eq!(shown(&app, &job).await, json!([]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citation_says_where_it_comes_from_for_as_long_as_it_is_there() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = ingest(&app, &base).await;
    let body = json!({"knowledge_base_ids": [base], "question": "How long does the lantern burn?"});
    let answered = app.client.post_waiting("/v1/answers", body, 20).await.body;
    let citation = &answered["result"]["citations"][0];
    assert_eq!(
        (&citation["external_id"], &citation["mime_type"]),
        (&json!("https://example.com/lantern"), &json!("text/markdown")),
        "{answered}"
    );
    assert_eq!(citation["ordinal"], place(&app, &document, citation).await);
    assert!(citation.get("url").is_none() && citation.get("metadata").is_none());
    let replacement = json!({"title": "Lantern", "content": "The lantern is out of stock.", "mime_type": "text/plain",
        "external_id": "https://example.com/lantern", "acl": {"groups": STAFF}});
    app.client.ingest(&base, replacement).await;
    let path = format!("/v1/jobs/{}", answered["id"].as_str().unwrap());
    let later = app.client.get(&path).await.body["result"]["citations"][0].clone();
    assert_eq!(later["mime_type"], "text/plain", "{later}");
    assert!(later.get("ordinal").is_none(), "its chunk is gone: {later}");
    app.finish().await;
}
