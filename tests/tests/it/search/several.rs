//! Several bases, searched as if they were one.
use jobs::kinds::SearchKnowledge;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestApp, TestOptions};

/// Of very different lengths, and with words that one half has in each document and the other hardly.
const CONTENTS: [&str; 8] = [
    "Whale oil.",
    "Oil lamp.",
    "Oil and copper.",
    "Oil of the lamp of the tower.",
    "The keeper of the tower lights a lamp every night, and every morning the keeper puts it out and goes to sleep in the room below.",
    "A storm came over the harbour in the night; the keeper rang the bell until the last ship was in, and there was no oil left.",
    "Copper roofs turn green in the salt wind of the harbour, and the tower has stood there with such a roof for a hundred years.",
    "In winter fog lies over the harbour for days, and the bell is rung every quarter of an hour by day and by night.",
];

async fn fill(app: &TestApp, name: &str, model: Option<&str>, contents: &[&str]) -> String {
    let made = app
        .client
        .post("/v1/knowledge-bases", json!({"name": name, "embedding_model": model}))
        .await;
    let base = made.body["id"].as_str().unwrap().to_owned();
    for content in contents {
        let title = content.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let document = json!({"title": title, "content": content, "mime_type": "text/plain"});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    base
}

/// Texts with their scores, the best first.
fn ranking(found: &Value) -> Vec<(String, f64)> {
    let results = found["results"].as_array().unwrap().iter();
    results
        .map(|hit| (hit["text"].as_str().unwrap().to_owned(), hit["score"].as_f64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_halves_are_ranked_as_the_whole_is() {
    let app = TestApp::start().await;
    let whole = fill(&app, "whole", None, &CONTENTS).await;
    let halves = [
        fill(&app, "short", None, &CONTENTS[..4]).await,
        fill(&app, "long", None, &CONTENTS[4..]).await,
    ];
    for mode in ["keyword", "vector", "hybrid"] {
        for query in ["oil of the lamp", "keeper in the night", "copper tower harbour"] {
            let of = async |bases: Value| {
                let body = json!({"knowledge_base_ids": bases, "query": query, "mode": mode, "alpha": 0.5});
                ranking(&app.client.search(body).await)
            };
            let (whole, halves) = (of(json!([whole])).await, of(json!(halves)).await);
            assert_eq!(whole.len(), halves.len(), "{mode}: {query}");
            for ((text, score), (other_text, other_score)) in whole.iter().zip(&halves) {
                assert_eq!(text, other_text, "{mode}: {query}");
                assert!(
                    (score - other_score).abs() < 1e-4,
                    "{mode}: {query}: {score} {other_score}"
                );
            }
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_of_different_models_are_merged_by_ranks() {
    let vendor = tests::EmbeddingVendor::start(256, 64).await;
    let app = TestApp::start_with(TestOptions {
        settings: vec![
            ("models.catalogue.mine.provider", "openai_compatible".to_owned()),
            ("models.catalogue.mine.base_url", vendor.url.clone()),
            ("models.catalogue.mine.dimensions", "256".to_owned()),
            ("models.catalogue.mine.max_tokens", "512".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await;
    let bases = [
        fill(&app, "short", None, &CONTENTS[..4]).await,
        fill(&app, "long", Some("mine"), &CONTENTS[4..]).await,
    ];
    let mut body = json!({"knowledge_base_ids": bases, "query": "oil keeper", "explain": true});
    let found = app.client.search(body.clone()).await;
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 8);
    let ranks = |leg: &str| {
        let mut ranks: Vec<u64> = results.iter().filter_map(|hit| hit["explain"][leg].as_u64()).collect();
        ranks.sort_unstable();
        ranks
    };
    assert_eq!(
        ranks("keyword_rank"),
        (1..=ranks("keyword_rank").len() as u64).collect::<Vec<_>>(),
        "one list: {found}"
    );
    assert_eq!(
        ranks("vector_rank"),
        [1, 1, 2, 2, 3, 3, 4, 4],
        "a list for each model: {found}"
    );
    for hit in results {
        let part = |leg: &str| {
            hit["explain"][leg]
                .as_u64()
                .map_or(0.0, |rank| 1.0 / (60.0 + rank as f64))
        };
        let expected = part("keyword_rank") + part("vector_rank");
        assert!((hit["score"].as_f64().unwrap() - expected).abs() < 1e-6, "{hit}");
    }
    // The same without an explanation, which is made on the way and not shown.
    body["explain"] = json!(false);
    let plain = app.client.search(body.clone()).await;
    assert_eq!(ranking(&plain), ranking(&found));
    assert!(plain["results"][0].get("explain").is_none() && plain.get("candidates").is_none());
    // Few are the best of many, whichever base they are of.
    for limit in [1, 3, 5] {
        body["limit"] = json!(limit);
        let few = app.client.search(body.clone()).await;
        assert_eq!(ranking(&few), ranking(&found)[..limit], "{limit}");
        assert_eq!(few["results"][0]["highlights"], found["results"][0]["highlights"]);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_with_settings_of_their_own_are_merged_by_ranks_and_nobody_sees_more_for_it() {
    let app = TestApp::start().await;
    let bases = [
        fill(&app, "short", None, &CONTENTS[..4]).await,
        fill(&app, "long", None, &CONTENTS[4..]).await,
    ];
    let patch = app
        .client
        .request(Method::PATCH, &format!("/v1/knowledge-bases/{}", bases[0]));
    app.client.send(patch.json(&json!({"search": {"alpha": 0.1}}))).await;
    let shown =
        json!({"title": "x", "content": "Oil for everybody.", "mime_type": "text/plain", "acl": {"public": true}});
    app.client.ingest(&bases[1], shown).await;
    let mut body = json!({"knowledge_base_ids": bases, "query": "oil", "explain": true});
    let found = app.client.search(body.clone()).await;
    assert_eq!(found["results"].as_array().unwrap().len(), 9);
    assert!(
        found["results"][0]["score"].as_f64().unwrap() <= 2.0 / 61.0 + 1e-6,
        "{found}"
    );
    body["principal"] = json!({"user": "somebody", "groups": []});
    let found = app.client.search(body).await;
    assert_eq!(ranking(&found).len(), 1);
    assert_eq!(found["candidates"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        found["results"][0]["explain"]["keyword_rank"], 1,
        "places are those among what is seen"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_one_base_knows_is_no_misspelling_in_another() {
    let app = TestApp::start().await;
    let (lamp, kettle) = ("The Aurora shines for 36 hours.", "The Aurola boils water.");
    let bases = [
        fill(&app, "lamps", None, &[lamp]).await,
        fill(&app, "kettles", None, &[kettle]).await,
    ];
    let texts = async |asked: &[String], query: &str| {
        let body = json!({"knowledge_base_ids": asked, "query": query, "mode": "keyword"});
        let found = app.client.search(body).await;
        let mut texts: Vec<String> = ranking(&found).into_iter().map(|(text, _)| text).collect();
        texts.sort();
        texts
    };
    // By itself a base takes a word that it does not have for the nearest one that it has.
    assert_eq!(texts(&bases[1..], "aurora").await, [kettle]);
    assert_eq!(texts(&bases, "aurora").await, [lamp]);
    assert_eq!(texts(&bases, "aurola").await, [kettle]);
    assert_eq!(
        texts(&bases, "auroa").await,
        [kettle, lamp],
        "neither has it, and each corrects it"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_says_no_limit_is_the_one_that_evaluations_ask_for() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let query = |limit: Option<usize>| json!({"knowledge_base_ids": [base], "query": "oil", "limit": limit});
    app.client.search(query(None)).await;
    let asked = "SELECT (b.payload ->> 'limit')::bigint AS count FROM job_bodies b JOIN jobs j ON j.tenant_id = b.tenant_id AND j.id = b.job_id
                 WHERE j.kind = 'search_knowledge'";
    assert_eq!(usize::try_from(app.count(asked).await).unwrap(), SearchKnowledge::LIMIT);
    app.client.search(query(Some(SearchKnowledge::LIMIT_MAX))).await;
    let beyond = app
        .client
        .post("/v1/search", query(Some(SearchKnowledge::LIMIT_MAX + 1)))
        .await;
    beyond.expect_problem(422, "invalid");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_that_are_searched_with_other_boosts_are_merged_by_ranks() {
    let app = TestApp::start().await;
    let bases = [
        fill(&app, "short", None, &CONTENTS[..4]).await,
        fill(&app, "long", None, &CONTENTS[4..]).await,
    ];
    let body = json!({"knowledge_base_ids": bases, "query": "oil", "mode": "keyword"});
    let of_ranks = 2.0 / 61.0 + 1e-6;
    let best = async || {
        let found = app.client.search(body.clone()).await;
        found["results"][0]["score"].as_f64().unwrap()
    };
    assert!(best().await > of_ranks);
    let patch = app
        .client
        .request(Method::PATCH, &format!("/v1/knowledge-bases/{}", bases[0]));
    app.client
        .send(patch.json(&json!({"search": {"heading_boost": 2}})))
        .await;
    let score = best().await;
    assert!(score <= of_ranks, "{score}");
    app.finish().await;
}
