//! `explain`, limits and several bases.
use serde_json::{Value, json};
use tests::{TestApp, TestOptions};

async fn ingest(app: &TestApp, base: &str, title: &str, content: &str) {
    let job = app
        .client
        .ingest(
            base,
            json!({"title": title, "content": content, "mime_type": "text/plain"}),
        )
        .await;
    assert_eq!(job["state"], "succeeded");
}

async fn with_documents(app: &TestApp) -> String {
    let base = app.client.knowledge_base("base").await;
    for number in 0..6 {
        ingest(
            app,
            &base,
            &format!("lamp {number}"),
            &format!("The lantern number{number} burns whale oil."),
        )
        .await;
    }
    ingest(app, &base, "kettle", "A kettle boils water.").await;
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn every_candidate_is_shown_with_what_both_legs_made_of_it() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    let body = json!({"knowledge_base_ids": [base], "query": "lantern number3", "limit": 2, "explain": true});
    let found = app.client.search(body).await;
    let (results, candidates) = (
        found["results"].as_array().unwrap(),
        found["candidates"].as_array().unwrap(),
    );
    assert_eq!(
        (results.len(), candidates.len()),
        (2, 7),
        "beyond the limit, and what only one leg found: {found}"
    );
    for candidate in candidates {
        for score in ["keyword_score", "vector_score", "score"] {
            assert!(candidate[score].is_number(), "no {score}: {candidate}");
        }
    }
    let kettle = candidates.last().unwrap();
    assert_eq!(
        (&kettle["keyword_score"], &kettle["keyword_rank"]),
        (&json!(0.0), &Value::Null),
        "no word of the query is in it"
    );
    assert!(kettle["vector_rank"].is_number());
    let scores: Vec<f64> = candidates
        .iter()
        .map(|candidate| candidate["score"].as_f64().unwrap())
        .collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]), "{scores:?}");
    assert_eq!(results[0]["chunk_id"], candidates[0]["chunk_id"]);
    assert_eq!(results[0]["title"], "lamp 3");
    assert!(
        results[0]["highlights"].to_string().contains("number3"),
        "{}",
        results[0]
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_many_candidates_the_best_are_shown() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let filler = "Lorem ipsum dolor sit amet consetetur sadipscing elitr. ".repeat(20);
    let part = |number: usize| format!("# Part {number}\n\nMarker{number} of the lantern. {filler}\n\n");
    let text: String = (1..=220).map(part).collect();
    let job = app
        .client
        .ingest(
            &base,
            json!({"title": "long", "content": text, "mime_type": "text/markdown"}),
        )
        .await;
    assert!(job["result"]["chunks"].as_u64() > Some(200), "{job}");
    let body = json!({"knowledge_base_ids": [base], "query": "lantern marker7", "limit": 3, "candidates": 300, "explain": true});
    let job = app.client.post_waiting("/v1/search", body, 20).await.body;
    let found = &job["result"];
    let candidates = found["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 200);
    for (result, candidate) in found["results"].as_array().unwrap().iter().zip(candidates) {
        assert_eq!(result["chunk_id"], candidate["chunk_id"]);
    }
    let kept = format!(
        "SELECT jsonb_array_length(result::jsonb->'candidates')::bigint AS count FROM job_bodies WHERE job_id = '{}'",
        job["id"].as_str().unwrap()
    );
    assert_eq!(app.count(&kept).await, 200, "and no others are kept");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_rrf_the_score_is_the_sum_of_inverse_ranks() {
    for (settings, asked) in [
        (Vec::new(), json!("rrf")),
        (vec![("retrieval.fusion", "rrf".to_owned())], Value::Null),
    ] {
        let app = TestApp::start_with(TestOptions {
            settings,
            ..TestOptions::default()
        })
        .await;
        let base = with_documents(&app).await;
        let body = json!({"knowledge_base_ids": [base], "query": "lantern number3", "explain": true, "fusion": asked});
        let found = app.client.search(body).await;
        for candidate in found["candidates"].as_array().unwrap() {
            let share = |rank: &Value| rank.as_f64().map_or(0.0, |rank| 1.0 / (60.0 + rank));
            let expected = share(&candidate["keyword_rank"]) + share(&candidate["vector_rank"]);
            assert!(
                (candidate["score"].as_f64().unwrap() - expected).abs() < 1e-4,
                "{candidate}, not {expected}"
            );
        }
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hybrid_score_is_the_weighted_sum_of_both_legs() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for alpha in [0.0, 0.25, 0.7, 1.0] {
        let body = json!({"knowledge_base_ids": [base], "query": "lantern number3", "explain": true, "alpha": alpha});
        let found = app.client.search(body).await;
        let candidates = found["candidates"].as_array().unwrap();
        let of = |candidate: &Value, part: &str| candidate[part].as_f64().unwrap();
        let best = &candidates[0];
        let ceiling = of(best, "keyword_score") / of(best, "keyword_share");
        for candidate in candidates {
            let share = of(candidate, "keyword_share");
            assert!(share < 1.0 && (share - of(candidate, "keyword_score") / ceiling).abs() < 1e-4);
            let expected = alpha * of(candidate, "vector_score") + (1.0 - alpha) * share;
            assert!(
                (of(candidate, "score") - expected).abs() < 1e-4,
                "alpha {alpha}: {candidate}, not {expected}"
            );
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_of_one_leg_shows_that_leg_and_no_other() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for (mode, used, unused) in [
        ("keyword", "keyword_score", "vector_score"),
        ("vector", "vector_score", "keyword_score"),
    ] {
        let found = app
            .client
            .search(json!({"knowledge_base_ids": [base], "query": "lantern", "mode": mode, "explain": true}))
            .await;
        for candidate in found["candidates"].as_array().unwrap() {
            assert!(
                candidate[used].is_number() && candidate[unused].is_null(),
                "{mode}: {candidate}"
            );
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_explain_nothing_is_explained_and_the_limit_holds() {
    let app = TestApp::start().await;
    let base = with_documents(&app).await;
    for limit in [1, 3, 100] {
        let found = app
            .client
            .search(json!({"knowledge_base_ids": [base], "query": "lantern", "limit": limit}))
            .await;
        assert_eq!(found["results"].as_array().unwrap().len(), 7.min(limit), "{found}");
        assert!(found.get("candidates").is_none() && found["results"][0].get("explain").is_none());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_bases_are_searched_together() {
    let app = TestApp::start().await;
    let (one, two) = (with_documents(&app).await, app.client.knowledge_base("two").await);
    ingest(&app, &two, "other lantern", "The lantern of the second base.").await;
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [one, two], "query": "lantern", "limit": 20}))
        .await;
    let bases: Vec<_> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["knowledge_base_id"].as_str().unwrap())
        .collect();
    assert_eq!(
        (
            bases.iter().filter(|base| **base == one).count(),
            bases.iter().filter(|base| **base == two).count()
        ),
        (7, 1)
    );
    let many: Vec<_> = (0..20).map(|_| uuid::Uuid::now_v7()).collect();
    let refused = app
        .client
        .post(
            "/v1/search",
            json!({"knowledge_base_ids": many, "query": "q", "candidates": 251}),
        )
        .await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["field"], "candidates", "{}", refused.text);
    for ids in [json!([one, one]), json!([]), json!(["x"]), json!(one)] {
        let answered = app
            .client
            .post("/v1/search", json!({"knowledge_base_ids": ids, "query": "q"}))
            .await;
        answered.expect_problem(422, "invalid");
    }
    app.finish().await;
}
