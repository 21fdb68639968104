//! How like the query a result is, and results that are not like it enough.
use serde_json::{Value, json};
use tests::{Client, TestApp};

const TEXTS: [&str; 3] = [
    "The lantern burns whale oil for nine hours.",
    "A kettle boils water within four minutes.",
    "Our office dog is called Bruno.",
];

async fn with_texts(client: &Client) -> String {
    let base = client.knowledge_base("base").await;
    for (number, content) in TEXTS.into_iter().enumerate() {
        let document = json!({"title": number.to_string(), "content": content, "mime_type": "text/plain"});
        assert_eq!(client.ingest(&base, document).await["state"], "succeeded");
    }
    base
}

fn similarities(found: &Value) -> Vec<f64> {
    let results = found["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["similarity"].as_f64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_says_how_like_the_query_it_is_whichever_leg_found_it() {
    let app = TestApp::start().await;
    let base = with_texts(&app.client).await;
    let asked = |mode: &str, explain: bool| json!({"knowledge_base_ids": [base], "query": "lantern oil", "mode": mode, "explain": explain});
    for mode in ["hybrid", "vector"] {
        let found = app.client.search(asked(mode, true)).await;
        for result in found["results"].as_array().unwrap() {
            assert_eq!(
                result["similarity"], result["explain"]["vector_score"],
                "{mode}: {result}"
            );
        }
        assert_eq!(
            similarities(&app.client.search(asked(mode, false)).await),
            similarities(&found)
        );
    }
    let by_keyword = app.client.search(asked("keyword", false)).await;
    assert!(by_keyword["results"][0].get("similarity").is_none(), "{by_keyword}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_less_like_the_query_than_asked_is_not_found() {
    let app = TestApp::start().await;
    let base = with_texts(&app.client).await;
    let other = with_texts_of_another(&app.client).await;
    let all = app
        .client
        .search(json!({"knowledge_base_ids": [base], "query": "lantern oil"}))
        .await;
    let all = similarities(&all);
    assert_eq!(all.len(), TEXTS.len());
    let least = f64::midpoint(all[0], all[1]);
    for mode in ["hybrid", "vector"] {
        let asked = json!({"knowledge_base_ids": [base], "query": "lantern oil", "mode": mode, "min_similarity": least, "limit": 2, "explain": true});
        let found = app.client.search(asked).await;
        assert_eq!(similarities(&found), all[..1], "{mode}: {found}");
        assert_eq!(found["candidates"].as_array().unwrap().len(), 1, "{mode}: {found}");
    }
    let ranked =
        json!({"knowledge_base_ids": [base, other], "query": "lantern oil", "fusion": "rrf", "min_similarity": least});
    let found = app.client.search(ranked).await;
    assert_eq!(similarities(&found), all[..1], "of two bases: {found}");
    let nothing = json!({"knowledge_base_ids": [base], "query": "lantern oil", "min_similarity": 1});
    assert_eq!(app.client.search(nothing).await["results"], json!([]));
    app.finish().await;
}

/// Of each base what it says, unless the search says something.
#[tokio::test(flavor = "multi_thread")]
async fn a_base_says_how_like_the_query_what_is_found_must_be() {
    let app = TestApp::start().await;
    let base = with_texts(&app.client).await;
    let asked = |more: Value| {
        let mut asked = json!({"knowledge_base_ids": [base], "query": "lantern oil"});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let all = similarities(&app.client.search(asked(json!({}))).await);
    assert_eq!(all.len(), TEXTS.len());
    let patch = app
        .client
        .request(reqwest::Method::PATCH, &format!("/v1/knowledge-bases/{base}"));
    let search = json!({"search": {"min_similarity": f64::midpoint(all[0], all[1])}});
    let changed = app.client.send(patch.json(&search)).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    for mode in ["hybrid", "vector"] {
        let found = app.client.search(asked(json!({"mode": mode}))).await;
        assert_eq!(similarities(&found), all[..1], "{mode}: {found}");
    }
    let whole = app.client.search(asked(json!({"min_similarity": 0}))).await;
    assert_eq!(similarities(&whole), all, "the search says that nothing is left out");
    let by_keyword = app.client.search(asked(json!({"mode": "keyword"}))).await;
    assert_eq!(by_keyword["results"][0]["text"], TEXTS[0], "{by_keyword}");
    app.finish().await;
}

async fn with_texts_of_another(client: &Client) -> String {
    let base = client.knowledge_base("other").await;
    let document = json!({"title": "tax", "content": "Tax returns are due in May.", "mime_type": "text/plain"});
    assert_eq!(client.ingest(&base, document).await["state"], "succeeded");
    base
}
