//! What the default model, which is English, does to searches in other languages: figures for decision 027, and the default that follows.
use super::help_centre::start;
use crate::search::languages::{LANGUAGES, base, holds, ingest, questions};
use serde_json::json;
use tests::TestApp;

/// Mean nDCG@10 over the questions of a language; one article answers each, so that it is 1 / log2(1 + rank).
async fn ndcg(app: &TestApp, base: &str, language: &str, more: &serde_json::Value) -> f64 {
    let (mut sum, mut asked) = (0.0, 0.0);
    for question in questions(language) {
        let mut body = json!({"knowledge_base_ids": [base], "query": question.text, "limit": 10});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let found = app.client.search(body).await;
        let results = found["results"].as_array().unwrap();
        let rank = results.iter().position(|hit| holds(hit, &question.article));
        sum += rank.map_or(0.0, |rank| 1.0 / ((rank + 2) as f64).log2());
        asked += 1.0;
    }
    sum / asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hybrid_search_in_another_language_is_not_worse_than_its_words_alone() {
    let Some(app) = start().await else { return };
    let (mut keyword, mut hybrid) = (0.0, 0.0);
    for language in LANGUAGES {
        let base = base(&app, language).await;
        ingest(&app, &base, language).await;
        let of_keyword = ndcg(&app, &base, language, &json!({"mode": "keyword"})).await;
        let of_hybrid = ndcg(&app, &base, language, &json!({})).await;
        let mut line = format!("{language}: keyword {of_keyword:.3}, hybrid {of_hybrid:.3}");
        if std::env::var_os("VISUALKIT_MEASURE").is_some() {
            let vector = ndcg(&app, &base, language, &json!({"mode": "vector"})).await;
            line.push_str(&format!(", vector {vector:.3}"));
            for alpha in [0.6, 0.4, 0.2, 0.1] {
                let with = ndcg(&app, &base, language, &json!({"alpha": alpha})).await;
                line.push_str(&format!(", alpha {alpha} {with:.3}"));
            }
        }
        eprintln!("{line}");
        keyword += of_keyword;
        hybrid += of_hybrid;
    }
    let (keyword, hybrid) = (keyword / LANGUAGES.len() as f64, hybrid / LANGUAGES.len() as f64);
    eprintln!("mean: keyword {keyword:.3}, hybrid {hybrid:.3}");
    assert!(hybrid >= keyword - 0.02, "keyword {keyword:.3}, hybrid {hybrid:.3}");
    app.finish().await;
}
