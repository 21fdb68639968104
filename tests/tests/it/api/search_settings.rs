//! How a knowledge base is searched, as it is set, shown and used.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, TestApp, TestOptions};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

async fn patch(app: &TestApp, base: &str, body: Value, if_match: Option<&str>) -> Answered {
    let mut request = app
        .client
        .request(Method::PATCH, &format!("/v1/knowledge-bases/{base}"))
        .json(&body);
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    app.client.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_field_by_field_and_taken_back_with_null() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}");
    let nothing = json!({"fusion": null, "alpha": null, "title_boost": null, "heading_boost": null, "min_similarity": null, "candidates": null, "reranker": null, "rerank": null,
        "rerank_candidates": null});
    assert_eq!(app.client.get(&path).await.body["search"], nothing);
    let all = json!({"fusion": "rrf", "alpha": 0.5, "title_boost": 1.5, "heading_boost": 0.5, "min_similarity": 0.25, "candidates": 200, "reranker": "none", "rerank": false,
        "rerank_candidates": 30});
    let changed = patch(&app, &base, json!({"name": "other", "search": all}), None).await;
    assert_eq!(
        (&changed.body["name"], &changed.body["search"]),
        (&json!("other"), &all),
        "{}",
        changed.text
    );
    patch(&app, &base, json!({"search": {"alpha": null, "candidates": 50}}), None).await;
    let shown = app.client.get(&path).await.body;
    let search = &shown["search"];
    assert_eq!(
        (
            &search["alpha"],
            &search["candidates"],
            &search["fusion"],
            &shown["name"]
        ),
        (&Value::Null, &json!(50), &json!("rrf"), &json!("other"))
    );
    let reset = patch(&app, &base, json!({"search": null}), None).await;
    assert_eq!(reset.body["search"], nothing);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_has_changed_meanwhile_is_refused() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}");
    let first = app.client.get(&path).await.headers["etag"].clone();
    assert_eq!(app.client.get(&path).await.headers["etag"], first);
    let changed = patch(&app, &base, json!({"search": {"alpha": 0.5}}), Some(&first)).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    let second = changed.headers["etag"].clone();
    assert_eq!(app.client.get(&path).await.headers["etag"], second);
    for stale in [first.as_str(), &format!("W/{second}"), "\"x\""] {
        let refused = patch(&app, &base, json!({"search": {"alpha": 0.6}}), Some(stale)).await;
        refused.expect_problem(412, "precondition_failed");
    }
    patch(
        &app,
        &base,
        json!({"search": {"alpha": 0.6}}),
        Some(second.trim_matches('"')),
    )
    .await
    .expect_problem(400, "invalid_header");
    assert_eq!(app.client.get(&path).await.body["search"]["alpha"], 0.5);
    for current in [format!("{first}, {second}"), "*".to_owned()] {
        let changed = patch(&app, &base, json!({"search": {"alpha": 0.5}}), Some(&current)).await;
        assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_is_refused() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    let tag = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.headers["etag"].clone();
    let one = patch(&app, &base, json!({"search": {"alpha": 0.5}}), Some(&tag));
    let other = patch(&app, &base, json!({"search": {"alpha": 0.6}}), Some(&tag));
    let (one, other) = tokio::join!(one, other);
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_change_is_said_at_once() {
    let app = without_workers().await;
    let base = app.client.knowledge_base("base").await;
    app.client.knowledge_base("taken").await;
    let wrong = json!({"name": null, "language": "de", "search": {"fusion": "x", "alpha": 2, "title_boost": "x", "heading_boost": 11, "min_similarity": 2, "candidates": 1, "reranker": "nobody",
        "rerank": 1, "rerank_candidates": 0, "surplus": 1}});
    let refused = patch(&app, &base, wrong, None).await;
    refused.expect_problem(422, "invalid");
    let mut fields: Vec<&str> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    let expected = "language name search.alpha search.candidates search.fusion search.heading_boost search.min_similarity search.rerank search.rerank_candidates search.reranker search.surplus \
                    search.title_boost";
    assert_eq!(fields.join(" "), expected, "{}", refused.text);
    patch(&app, &base, json!({"name": "taken"}), None)
        .await
        .expect_problem(409, "conflict");
    let refused = patch(&app, &base, json!({"search": {"rerank": true}}), None).await;
    assert_eq!(refused.body["errors"][0]["code"], "no_reranker", "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_searched_as_it_says_and_a_search_may_say_otherwise() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for content in ["The lamp burns whale oil.", "A lamp of copper."] {
        let document = json!({"title": "lantern", "content": content, "mime_type": "text/plain"});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    // The fused score of the best tells how it was made.
    let best = async |more: Value| {
        let mut body = json!({"knowledge_base_ids": [base], "query": "whale oil lamp", "explain": true, "limit": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = app.client.search(body).await;
        let hit = &found["results"][0];
        let part = |name: &str| hit["explain"][name].as_f64().unwrap();
        let share = hit["explain"]["keyword_share"].as_f64();
        (part("score"), (part("vector_score"), share.unwrap_or_default()))
    };
    let weighted = |alpha: f64, (cosine, share): (f64, f64)| alpha * cosine + (1.0 - alpha) * share;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    let (score, parts) = best(json!({})).await;
    assert!(
        near(score, weighted(0.6, parts)),
        "as the installation says: {score} {parts:?}"
    );
    patch(&app, &base, json!({"search": {"alpha": 0.25}}), None).await;
    let (score, parts) = best(json!({})).await;
    assert!(
        near(score, weighted(0.25, parts)),
        "as the base says: {score} {parts:?}"
    );
    let (score, parts) = best(json!({"alpha": 0.5})).await;
    assert!(
        near(score, weighted(0.5, parts)),
        "as the search says: {score} {parts:?}"
    );
    patch(&app, &base, json!({"search": {"fusion": "rrf"}}), None).await;
    assert!(near(best(json!({})).await.0, 2.0 / 61.0), "first of both legs");
    let (score, parts) = best(json!({"fusion": "weighted"})).await;
    assert!(near(score, weighted(0.25, parts)), "{score} {parts:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_shown_and_changed_from_the_command_line() {
    let app = without_workers().await;
    app.client.knowledge_base("docs").await;
    let run = async |arguments: &[&str]| app.client.visualkit(&[&["knowledge-bases"], arguments].concat()).await;
    let changed = run(&["update", "docs", "--alpha", "0.5", "--fusion", "weighted"]).await;
    assert!(changed.contains("alpha               0.5"), "{changed}");
    run(&[
        "update",
        "docs",
        "--rename",
        "manuals",
        "--reset",
        "fusion",
        "--candidates",
        "80",
    ])
    .await;
    let shown = run(&["show", "manuals"]).await;
    assert!(
        shown.contains("fusion              as the installation says"),
        "{shown}"
    );
    assert!(
        shown.contains("candidates          80") && shown.contains("alpha               0.5"),
        "{shown}"
    );
    assert_eq!(run(&["list"]).await.lines().count(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_whose_reranker_is_gone_can_be_changed_otherwise() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    app.execute("UPDATE knowledge_bases SET search_rerank = true").await;
    let path = format!("/v1/knowledge-bases/{base}");
    let patch = async |body: Value| {
        let request = app.client.request(Method::PATCH, &path);
        app.client.send(request.json(&body)).await
    };
    assert_eq!(patch(json!({"name": "renamed"})).await.status.as_u16(), 200);
    let changed = patch(json!({"search": {"candidates": 40}})).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    let off = patch(json!({"search": {"rerank": false}})).await;
    assert_eq!(off.status.as_u16(), 200, "{}", off.text);
    patch(json!({"search": {"rerank": true}}))
        .await
        .expect_problem(422, "invalid");
    app.finish().await;
}
