//! Filters on metadata.
use serde_json::{Value, json};
use tests::TestApp;

async fn with_documents(app: &TestApp) -> String {
    let base = app.client.knowledge_base("base").await;
    for (title, metadata) in [
        ("old lamp", json!({"product": "lamp", "year": 2019})),
        (
            "new lamp",
            json!({"product": "lamp", "year": 2026, "tags": ["led", "solar"]}),
        ),
        (
            "kettle",
            json!({"product": "kettle", "year": 2026, "author": {"name": "Ann"}}),
        ),
        ("plain", json!({})),
    ] {
        let document = json!({"title": title, "content": format!("Manual of the {title}."), "mime_type": "text/plain", "metadata": metadata});
        app.client.ingest(&base, document).await;
    }
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_holds_in_every_mode() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for (filter, expected) in [
        (json!({}), vec!["kettle", "new lamp", "old lamp", "plain"]),
        (json!({"product": "lamp"}), vec!["new lamp", "old lamp"]),
        (json!({"product": "lamp", "year": {"gte": 2020}}), vec!["new lamp"]),
        (
            json!({"or": [{"product": "kettle"}, {"year": 2019}]}),
            vec!["kettle", "old lamp"],
        ),
        (json!({"not": {"product": "lamp"}}), vec!["kettle", "plain"]),
        (json!({"product": {"in": ["kettle", "toaster"]}}), vec!["kettle"]),
        (json!({"tags": "solar"}), vec!["new lamp"]),
        (json!({"author.name": "Ann"}), vec!["kettle"]),
        (json!({"year": {"exists": false}}), vec!["plain"]),
        (json!({"product": "spaceship"}), vec![]),
    ] {
        for mode in ["hybrid", "keyword", "vector"] {
            let body = json!({"knowledge_base_ids": [base], "query": "manual", "mode": mode, "filter": filter});
            let found = app.client.search(body).await;
            let mut titles: Vec<_> = found["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| hit["title"].as_str().unwrap())
                .collect();
            titles.sort_unstable();
            assert_eq!(titles, expected, "{mode} {filter}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_cannot_be_read_is_told_and_never_ignored() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for filter in [
        json!({"year": {"around": 2020}}),
        json!({"or": "x"}),
        json!({"not": []}),
        json!({"product": {"in": "lamp"}}),
        json!({"and": [{"or": [1]}]}),
    ] {
        let body = json!({"knowledge_base_ids": [base], "query": "manual", "filter": filter});
        let refused = app.client.post("/v1/search", body).await;
        refused.expect_problem(422, "invalid");
        let field = refused.body["errors"][0]["field"].as_str().unwrap();
        assert!(field.starts_with("filter"), "{filter}: {}", refused.text);
    }
    for filter in [json!([]), json!("x"), json!(1)] {
        let body = json!({"knowledge_base_ids": [base], "query": "manual", "filter": filter});
        app.client.post("/v1/search", body).await.expect_problem(422, "invalid");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_made_only_of_what_its_filter_lets_through() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for (product, hours) in [("amber", "nine"), ("basalt", "twelve")] {
        let content = format!("The lantern called {product} burns whale oil for {hours} hours.");
        let document =
            json!({"title": product, "content": content, "mime_type": "text/plain", "metadata": {"product": product}});
        app.client.ingest(&base, document).await;
    }
    let ask = async |filter: serde_json::Value| {
        let body = json!({"knowledge_base_ids": [base], "question": "How many hours does the lantern amber burn?", "filter": filter});
        app.client.post_waiting("/v1/answers", body, 20).await.body
    };
    for open in [
        serde_json::Value::Null,
        json!({}),
        json!({"product": {"in": ["amber"]}}),
    ] {
        let answered = ask(open.clone()).await;
        let answer = answered["result"]["answer"].as_str().unwrap();
        assert!(
            answer.contains("amber burns whale oil for nine hours"),
            "{open}: {answered}"
        );
    }
    let elsewhere = ask(json!({"not": {"product": "amber"}})).await;
    assert_eq!(elsewhere["state"], "succeeded", "{elsewhere}");
    assert!(!elsewhere["result"].to_string().contains("nine hours"), "{elsewhere}");
    let nothing = ask(json!({"product": "spaceship"})).await;
    assert_eq!(nothing["result"]["outcome"], "abstained", "{nothing}");
    let body = json!({"knowledge_base_ids": [base], "question": "How long?", "filter": {"year": {"above": 3}}});
    let refused = app.client.post("/v1/answers", body).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(
        refused.body["errors"][0]["field"], "filter.year.above",
        "{}",
        refused.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_documents_is_filtered_and_weighed_by() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let markdown = "---\nauthor: {name: Ann}\ndate: 2026-03-31\n---\n# Lamps\n\nManual of the lamp.";
    let mail_text = "From: Ben <ben@example.com>\r\nTo: ann@example.com\r\nSubject: Lamp\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nManual of the lamp, by mail.\r\n";
    for (name, mime_type, content) in [
        ("lamps", "text/markdown", markdown),
        ("mail", "message/rfc822", mail_text),
        ("plain", "text/plain", "Manual of the lamp, in plain text."),
    ] {
        let document =
            json!({"title": name, "content": content, "mime_type": mime_type, "external_id": format!("id-{name}")});
        app.client.ingest(&base, document).await;
    }
    let found = async |more: Value| {
        let mut body = json!({"knowledge_base_ids": [base], "query": "manual lamp", "mode": "keyword"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = app.client.search(body).await;
        let results = found["results"].as_array().unwrap();
        let titles = results.iter().map(|hit| hit["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>()
    };
    for (filter, expected) in [
        (json!({"$title": "plain"}), vec!["plain"]),
        (
            json!({"$mime_type": {"in": ["text/markdown", "text/plain"]}}),
            vec!["lamps", "plain"],
        ),
        (json!({"$external_id": "id-mail"}), vec!["mail"]),
        (json!({"$said.author.name": "Ann"}), vec!["lamps"]),
        (json!({"$said.from": {"exists": true}}), vec!["mail"]),
        (json!({"$source_id": {"exists": true}}), vec![]),
        (
            json!({"$created_at": {"gte": "2026-01-01T00:00:00Z"}}),
            vec!["lamps", "mail", "plain"],
        ),
        (json!({"$updated_at": {"lt": "2026-01-01T00:00:00Z"}}), vec![]),
    ] {
        let mut titles = found(json!({"filter": filter})).await;
        titles.sort();
        assert_eq!(titles, expected, "{filter}");
    }
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents?q=id-mail"))
        .await
        .body;
    let mail = listed["data"][0].clone();
    assert!(
        mail["said"]["from"].is_string(),
        "it is shown what can be asked for: {mail}"
    );
    // Sent again as it was, it says what it said.
    let again = json!({"title": "mail", "content": mail_text, "mime_type": "message/rfc822", "external_id": "id-mail"});
    let again = app.client.ingest(&base, again).await;
    assert_eq!(again["result"]["unchanged"], true, "{again}");
    let path = format!("/v1/documents/{}", mail["id"].as_str().unwrap());
    let shown = app.client.get(&path).await.body;
    assert_eq!((&shown["said"], &shown["version"]), (&mail["said"], &json!(2)));
    let newest = json!({"recency": {"field": "$said.date", "half_life_days": 1, "weight": 1}});
    assert_eq!(found(newest).await[0], "lamps");
    let wrong = json!({"knowledge_base_ids": [base], "query": "lamp", "filter": {"$size": 1},
        "recency": {"field": "$date", "half_life_days": 1}});
    let refused = app.client.post("/v1/search", wrong).await;
    refused.expect_problem(422, "invalid");
    let fields: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["filter.$size", "recency.field"]);
    app.finish().await;
}
