//! Access lists: whoever is not named sees nothing.
use serde_json::{Value, json};
use tests::TestApp;

const MODES: [&str; 3] = ["hybrid", "keyword", "vector"];

async fn with_documents(app: &TestApp) -> String {
    let base = app.client.knowledge_base("base").await;
    for (title, acl) in [
        ("public", json!({"public": true})),
        ("ann", json!({"users": ["ann"]})),
        ("staff", json!({"groups": ["staff", "board"]})),
        ("both", json!({"users": ["bob"], "groups": ["staff"]})),
        ("empty lists", json!({"users": [], "groups": []})),
        ("not public", json!({"public": false})),
    ] {
        let document = json!({"title": title, "content": format!("The lantern of {title}."), "mime_type": "text/plain", "acl": acl});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    // Without any list at all.
    app.client
        .ingest(
            &base,
            json!({"title": "none", "content": "The lantern of nobody.", "mime_type": "text/plain"}),
        )
        .await;
    base
}

async fn titles(app: &TestApp, base: &str, mode: &str, principal: &Value) -> Vec<String> {
    let body = json!({"knowledge_base_ids": [base], "query": "lantern", "mode": mode, "principal": principal, "explain": true});
    let found = app.client.search(body).await;
    let results = found["results"].as_array().unwrap();
    assert_eq!(
        found["candidates"].as_array().map_or(0, Vec::len),
        results.len(),
        "explaining shows nobody more: {found}"
    );
    let mut titles: Vec<_> = results
        .iter()
        .map(|hit| hit["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort_unstable();
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_what_is_public_and_what_names_them_in_every_mode() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for (principal, expected) in [
        (json!({}), vec!["public"]),
        (json!({"user": "ann"}), vec!["ann", "public"]),
        (json!({"user": "bob"}), vec!["both", "public"]),
        (json!({"user": "ANN"}), vec!["public"]),
        (json!({"user": "staff"}), vec!["public"]),
        (json!({"groups": ["ann"]}), vec!["public"]),
        (json!({"groups": ["staff"]}), vec!["both", "public", "staff"]),
        (json!({"groups": ["board"]}), vec!["public", "staff"]),
        (json!({"groups": []}), vec!["public"]),
        (
            json!({"user": "ann", "groups": ["board", "unheard of"]}),
            vec!["ann", "public", "staff"],
        ),
        (
            Value::Null,
            vec!["ann", "both", "empty lists", "none", "not public", "public", "staff"],
        ),
    ] {
        for mode in MODES {
            assert_eq!(
                titles(&app, &base, mode, &principal).await,
                expected,
                "{mode} {principal}"
            );
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_quotes_only_what_its_reader_may_see() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for (title, acl) in [
        ("staff", json!({"groups": ["staff"]})),
        ("open", json!({"public": true})),
    ] {
        let document = json!({"title": title, "content": format!("The lantern of the {title} shed burns for 36 hours."), "mime_type": "text/plain", "acl": acl});
        app.client.ingest(&base, document).await;
    }
    let ask = async |principal: Value| {
        let body = json!({"knowledge_base_ids": [base], "question": "How long does the lantern of the staff shed burn?", "principal": principal});
        app.client.post_waiting("/v1/answers", body, 20).await.text
    };
    assert!(
        ask(json!({"groups": ["staff"]})).await.contains("staff shed burns"),
        "who may see it gets it"
    );
    assert!(!ask(json!({"user": "ann"})).await.contains("staff shed burns"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrower_access_list_holds_for_the_next_search() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut document = json!({"title": "t", "content": "The lantern.", "mime_type": "text/plain", "external_id": "a", "acl": {"public": true}});
    app.client.ingest(&base, document.clone()).await;
    assert_eq!(titles(&app, &base, "hybrid", &json!({"user": "ann"})).await, ["t"]);
    document["acl"] = json!({"users": ["bob"]});
    app.client.ingest(&base, document).await;
    for mode in MODES {
        assert!(
            titles(&app, &base, mode, &json!({"user": "ann"})).await.is_empty(),
            "{mode}"
        );
        assert_eq!(
            titles(&app, &base, mode, &json!({"user": "bob"})).await,
            ["t"],
            "{mode}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_understood_is_refused_rather_than_guessed() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for acl in [
        json!("public"),
        json!([]),
        json!(true),
        json!({"public": "true"}),
        json!({"public": 1}),
        json!({"everyone": true}),
        json!({"users": "ann"}),
        json!({"users": [1]}),
        json!({"users": [""]}),
        json!({"public": true, "users": ["ann"]}),
        json!({"groups": ["x".repeat(257)]}),
    ] {
        let document = json!({"title": "t", "content": "The lantern.", "mime_type": "text/plain", "acl": acl});
        let answered = app
            .client
            .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
            .await;
        answered.expect_problem(422, "invalid");
        assert!(
            answered.body["errors"][0]["field"].as_str().unwrap().starts_with("acl"),
            "{}",
            answered.text
        );
    }
    for principal in [
        json!("ann"),
        json!({"user": 1}),
        json!({"user": ""}),
        json!({"groups": "staff"}),
        json!({"role": "admin"}),
        json!([]),
    ] {
        let answered = app
            .client
            .post(
                "/v1/search",
                json!({"knowledge_base_ids": [base], "query": "q", "principal": principal}),
            )
            .await;
        answered.expect_problem(422, "invalid");
    }
    app.finish().await;
}
