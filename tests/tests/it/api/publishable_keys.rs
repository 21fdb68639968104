//! Keys that stand in web pages.
use reqwest::Method;
use serde_json::{Value, json};
use store::api_keys::NewApiKey;
use tests::{Answered, Client, TestApp};

const PAGE: &str = "http://localhost";

async fn send(client: &Client, method: Method, path: &str, origin: Option<&str>, body: &Value) -> Answered {
    let request = client.request(method, path);
    let request = if body.is_null() { request } else { request.json(body) };
    match origin {
        Some(origin) => client.send(request.header("origin", origin)).await,
        None => client.send(request).await,
    }
}

/// A base with one public document and one that is not.
async fn with_documents(app: &TestApp) -> String {
    let base = app.client.knowledge_base("base").await;
    for (title, acl) in [
        ("open", json!({"public": true})),
        ("closed", json!({})),
        ("ours", json!({"groups": ["staff"]})),
    ] {
        let content = format!("The lantern of the {title} document burns for 36 hours.");
        let document = json!({"title": title, "content": content, "mime_type": "text/plain", "acl": acl});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_its_list_may_use_it() {
    let app = TestApp::start().await;
    let page = app.client.with_key(Some(&app.publishable_key));
    let check = json!({"response": "It is so.", "sources": ["It is so."]});
    let elsewhere = [
        "http://evil.example",
        "https://localhost",
        "http://localhost:8080",
        "http://localhost.evil.example",
        "http://localhost/",
        "null",
        "",
        "*",
    ];
    for origin in elsewhere.into_iter().map(Some).chain([None]) {
        let refused = send(&page, Method::POST, "/v1/checks", origin, &check).await;
        refused.expect_problem(403, "origin_not_allowed");
        assert!(
            !refused.headers.contains_key("access-control-allow-origin"),
            "{origin:?}"
        );
    }
    let allowed = send(&page, Method::POST, "/v1/checks", Some(PAGE), &check).await;
    assert_eq!(allowed.status.as_u16(), 200, "{}", allowed.text);
    assert_eq!(allowed.headers["access-control-allow-origin"], PAGE);
    assert!(
        allowed.headers["vary"].contains("origin"),
        "a cache must not hand it to another page"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_allows_it_works_without_an_origin() {
    let app = TestApp::start().await;
    let (scopes, origins) = (["answers:read".to_owned()], [PAGE.to_owned()]);
    let new = NewApiKey {
        name: "app",
        kind: "publishable",
        secret: "vk_publishable_app",
        scopes: &scopes,
        allowed_origins: &origins,
        allow_no_origin: true,
        rate_tier: None,
        expires_at: None,
    };
    app.make_key(app.tenant, &new).await;
    let client = app.client.with_key(Some("vk_publishable_app"));
    let check = json!({"response": "It is so.", "sources": ["It is so."]});
    assert_eq!(
        send(&client, Method::POST, "/v1/checks", None, &check)
            .await
            .status
            .as_u16(),
        200
    );
    send(&client, Method::POST, "/v1/checks", Some("http://evil.example"), &check)
        .await
        .expect_problem(403, "origin_not_allowed");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_public_documents_only() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    for mode in ["hybrid", "keyword", "vector"] {
        let body = json!({"knowledge_base_ids": [base], "query": "lantern hours", "mode": mode});
        let found = send(&page, Method::POST, "/v1/search", Some(PAGE), &body).await;
        assert_eq!(found.status.as_u16(), 200, "{}", found.text);
        let titles: Vec<_> = found.body["result"]["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles, ["open"], "{mode}");
    }
    let body =
        json!({"knowledge_base_ids": [base], "question": "How long does the lantern of the closed document burn?"});
    let answered = send(&page, Method::POST, "/v1/answers", Some(PAGE), &body).await;
    assert!(!answered.text.contains("closed document burns"), "{}", answered.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_cannot_speak_for_anyone() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    for principal in [json!({"groups": ["staff"]}), json!({"user": "ann"}), json!({})] {
        for (path, field) in [("/v1/search", "query"), ("/v1/answers", "question")] {
            let body = json!({"knowledge_base_ids": [base], field: "lantern", "principal": principal});
            send(&page, Method::POST, path, Some(PAGE), &body)
                .await
                .expect_problem(403, "forbidden");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_where_results_come_from_and_neither_metadata_nor_how_they_were_ranked() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = json!({"title": "open", "content": "The lantern burns for 36 hours.", "mime_type": "text/plain", "external_id": "lantern.txt",
        "metadata": {"margin": 40}, "acl": {"public": true}});
    app.client.ingest(&base, document).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    for (field, asked) in [
        ("include_metadata", json!(true)),
        ("explain", json!(true)),
        ("rerank", json!(true)),
        ("rerank_candidates", json!(50)),
    ] {
        let body = json!({"knowledge_base_ids": [base], "query": "lantern", field: asked});
        let refused = send(&page, Method::POST, "/v1/search", Some(PAGE), &body).await;
        refused.expect_problem(403, "forbidden");
        assert!(
            refused.body["detail"].as_str().unwrap().contains(field),
            "{}",
            refused.text
        );
    }
    let body = json!({"knowledge_base_ids": [base], "query": "lantern", "include_metadata": false, "explain": false, "rerank": false});
    let found = send(&page, Method::POST, "/v1/search", Some(PAGE), &body).await;
    assert_eq!(
        found.body["result"]["results"][0]["external_id"], "lantern.txt",
        "{}",
        found.text
    );
    assert!(!found.text.contains("margin"), "{}", found.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_chooses_by_metadata_that_it_names_and_finds_out_nothing_by_asking() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let document = json!({"title": "open", "content": "The lantern burns for 36 hours.", "mime_type": "text/plain",
        "metadata": {"margin": 40, "language": "en", "reviewed": "2026-03-31"}, "acl": {"public": true}});
    app.client.ingest(&base, document).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    let asked = async |client: &Client, more: &Value| {
        let mut search = json!({"knowledge_base_ids": [base], "query": "lantern"});
        search
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        send(client, Method::POST, "/v1/search", Some(PAGE), &search).await
    };
    for filter in [
        json!({"margin": {"gt": 30}}),
        json!({"margin": {"exists": true}}),
        json!({"or": [{"language": "en"}, {"not": {"margin": {"lte": 30}}}]}),
        json!({"$said.author": "ann"}),
        json!({"$source_id": base}),
    ] {
        let refused = asked(&page, &json!({ "filter": filter })).await;
        refused.expect_problem(403, "forbidden");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("`filter."), "{detail}");
        let question = json!({"knowledge_base_ids": [base], "question": "How long?", "filter": filter});
        send(&page, Method::POST, "/v1/answers", Some(PAGE), &question)
            .await
            .expect_problem(403, "forbidden");
        let secret = asked(&app.client, &json!({ "filter": filter })).await;
        assert_eq!(secret.status.as_u16(), 200, "{}", secret.text);
    }
    for field in ["reviewed", "$said.date"] {
        let recency = json!({"recency": {"field": field, "half_life_days": 30}});
        asked(&page, &recency).await.expect_problem(403, "forbidden");
    }
    for allowed in [
        json!({"filter": {"language": "en"}}),
        json!({"filter": {"language": {"in": ["en", "de"]}, "margin": {"ne": 5}, "$updated_at": {"gte": "2020-01-01"}}}),
        json!({"recency": {"field": "$updated_at", "half_life_days": 30}}),
    ] {
        let found = asked(&page, &allowed).await;
        let results = found.body["result"]["results"].as_array();
        assert_eq!(results.map(Vec::len), Some(1), "{allowed}: {}", found.text);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sees_the_jobs_that_it_submitted_by_their_ids_and_lists_none() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let page = app.client.with_key(Some(&app.publishable_key));
    let body = json!({"knowledge_base_ids": [base], "query": "lantern"});
    let own = send(&page, Method::POST, "/v1/search", Some(PAGE), &body).await.body["id"].clone();
    let tenants = app.client.post("/v1/search", body).await.body["id"].clone();
    let job = |id: &Value| format!("/v1/jobs/{}", id.as_str().unwrap());
    assert_eq!(
        send(&page, Method::GET, &job(&own), Some(PAGE), &Value::Null)
            .await
            .status
            .as_u16(),
        200
    );
    for path in [job(&tenants), format!("{}/events", job(&tenants))] {
        send(&page, Method::GET, &path, Some(PAGE), &Value::Null)
            .await
            .expect_problem(404, "not_found");
    }
    // All visitors of a page share its key: a list would show each what the others asked.
    for path in ["/v1/jobs", "/v1/jobs?kind=answer_question", "/v1/batches"] {
        send(&page, Method::GET, path, Some(PAGE), &Value::Null)
            .await
            .expect_problem(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_do_nothing_else_whatever_its_scopes_say() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let (scopes, origins) = (
        ["*".to_owned(), "knowledge:write".to_owned(), "jobs:write".to_owned()],
        [PAGE.to_owned()],
    );
    let new = NewApiKey {
        name: "greedy",
        kind: "publishable",
        secret: "vk_publishable_greedy",
        scopes: &scopes,
        allowed_origins: &origins,
        allow_no_origin: false,
        rate_tier: None,
        expires_at: None,
    };
    app.make_key(app.tenant, &new).await;
    let page = app.client.with_key(Some("vk_publishable_greedy"));
    let unknown = uuid::Uuid::now_v7();
    for (method, path, body) in [
        (Method::GET, "/v1/knowledge-bases".to_owned(), Value::Null),
        (Method::GET, format!("/v1/knowledge-bases/{base}"), Value::Null),
        (
            Method::GET,
            format!("/v1/knowledge-bases/{base}/documents"),
            Value::Null,
        ),
        (Method::GET, format!("/v1/documents/{unknown}/content"), Value::Null),
        (Method::POST, "/v1/knowledge-bases".to_owned(), json!({"name": "mine"})),
        (
            Method::POST,
            format!("/v1/knowledge-bases/{base}/documents"),
            json!({"title": "t", "content": "c", "mime_type": "text/plain"}),
        ),
        (Method::DELETE, format!("/v1/knowledge-bases/{base}"), Value::Null),
        (Method::POST, "/v1/jobs".to_owned(), json!({"kind": "diagnostics.noop"})),
        (Method::POST, format!("/v1/jobs/{unknown}/cancel"), Value::Null),
        (Method::POST, format!("/v1/jobs/{unknown}/retry"), Value::Null),
    ] {
        send(&page, method, &path, Some(PAGE), &body)
            .await
            .expect_problem(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_are_answered_for_what_pages_may_ask_and_nothing_else() {
    let app = TestApp::start().await;
    let client = app.client.with_key(None);
    let preflight = async |path: &str| {
        let request = client
            .request(Method::OPTIONS, path)
            .header("origin", "http://anywhere.example");
        client
            .send(request.header("access-control-request-method", "POST"))
            .await
    };
    for path in ["/v1/search", "/v1/answers", "/v1/checks", "/v1/jobs"] {
        let answered = preflight(path).await;
        assert_eq!(answered.status.as_u16(), 204, "{path}");
        assert!(!answered.headers.contains_key("access-control-allow-credentials"));
    }
    for path in ["/v1/knowledge-bases", "/v1/documents/x", "/v1/openapi.json"] {
        let answered = preflight(path).await;
        assert!(!answered.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_that_its_search_waits_and_nothing_of_whom_it_waits_for() {
    use store::Owner;
    use store::pauses::{Target, pause, resume};
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let mut owner = Owner::connect(&app.context.settings.database).await.unwrap();
    let retrieval = Target::Everybody {
        pool: Some("retrieval"),
        kind: None,
    };
    pause(&mut owner, &retrieval, "ticket 4711").await.unwrap();
    let page = app.client.with_key(Some(&app.publishable_key));
    let body = json!({"knowledge_base_ids": [base], "query": "lantern", "mode": "keyword"});
    let search = page
        .request(Method::POST, "/v1/search")
        .header("origin", PAGE)
        .header("prefer", "respond-async");
    let search = page.send(search.json(&body)).await;
    assert_eq!(search.status.as_u16(), 202, "{}", search.text);
    let path = format!("/v1/jobs/{}/why", search.body["id"].as_str().unwrap());
    let told = send(&page, Method::GET, &path, Some(PAGE), &Value::Null).await;
    assert_eq!(told.body["blocked_by"][0]["reason"], "paused", "{}", told.text);
    assert_eq!(
        told.body["blocked_by"][0]["detail"], "It is held back.",
        "{}",
        told.text
    );
    let ours = app.client.get(&path).await;
    assert!(ours.text.contains("ticket 4711"), "{}", ours.text);
    resume(&mut owner, &retrieval).await.unwrap();
    app.client.ended(search.body["id"].as_str().unwrap()).await;
    app.finish().await;
}
