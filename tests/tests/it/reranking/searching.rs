use super::{app_with, numbered, numbers, wanted};
use serde_json::{Value, json};
use tests::RerankVendor;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_best_are_reranked_and_the_explanation_says_which() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=6).await;
    let mut body = wanted(&base);
    body["rerank"] = json!(false);
    body["limit"] = json!(10);
    let fused = numbers(&app.client.search(body.clone()).await);
    assert_eq!((fused.len(), vendor.calls().len()), (6, 0));
    body["rerank"] = json!(true);
    body["limit"] = json!(2);
    body["rerank_candidates"] = json!(4);
    body["explain"] = json!(true);
    let found = app.client.search(body).await;
    let mut given = fused[..4].to_vec();
    given.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(
        numbers(&found),
        given[..2],
        "the best of the best four of {fused:?}: {found}"
    );
    let hit = &found["results"][0];
    assert!(
        (hit["score"].as_f64().unwrap() - given[0] as f64 / 100.0).abs() < 1e-6,
        "{hit}"
    );
    assert_eq!(hit["explain"]["rerank_score"], hit["score"]);
    let candidates = found["candidates"].as_array().unwrap();
    let reranked = |candidate: &&Value| candidate["rerank_score"].is_number();
    assert_eq!(candidates.len(), 6);
    assert_eq!(candidates.iter().take_while(reranked).count(), 4);
    assert_eq!(candidates.iter().filter(reranked).count(), 4, "{found}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_bases_found_is_reranked_together_and_only_what_the_viewer_may_see() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let bases = [numbered(&app, "one", [1, 4]).await, numbered(&app, "two", [2, 3]).await];
    let shown = json!({"title": "lamp", "content": "The lamp burns whale oil 9", "mime_type": "text/plain", "acl": {"public": true}});
    app.client.ingest(&bases[0], shown).await;
    let mut body = json!({"knowledge_base_ids": bases, "query": "whale oil", "rerank": true});
    assert_eq!(numbers(&app.client.search(body.clone()).await), [9, 4, 3, 2, 1]);
    body["principal"] = json!({"user": "somebody", "groups": []});
    assert_eq!(numbers(&app.client.search(body).await), [9]);
    let last = vendor.calls().pop().unwrap();
    assert_eq!(
        last.body["documents"].as_array().unwrap().len(),
        1,
        "no more leaves the house: {last:?}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_documents_are_preferred_after_reranking_too() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = app.client.knowledge_base("base").await;
    for (number, date) in [(60, "2001-01-01"), (40, "2999-01-01")] {
        let document = json!({"title": "lamp", "content": format!("The lamp burns whale oil {number}"), "mime_type": "text/plain",
            "metadata": {"date": date}});
        app.client.ingest(&base, document).await;
    }
    let mut body = wanted(&base);
    assert_eq!(numbers(&app.client.search(body.clone()).await), [60, 40]);
    body["recency"] = json!({"field": "date", "half_life_days": 100, "weight": 0.5});
    assert_eq!(numbers(&app.client.search(body).await), [40, 60]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_reranked_where_their_base_says_so() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=2).await;
    let ask = async || {
        let body = json!({"knowledge_base_ids": [base], "question": "What does the lamp burn?"});
        let answered = app.client.post_waiting("/v1/answers", body, 20).await;
        assert_eq!(answered.body["state"], "succeeded", "{}", answered.text);
        answered.body["result"]["reranker"].as_str().unwrap().to_owned()
    };
    assert_eq!((ask().await, vendor.calls().len()), ("none".to_owned(), 0));
    let change = app
        .client
        .request(reqwest::Method::PATCH, &format!("/v1/knowledge-bases/{base}"));
    let changed = app.client.send(change.json(&json!({"search": {"rerank": true}}))).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    assert_eq!((ask().await, vendor.calls().len()), ("rerank-2".to_owned(), 1));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_not_given_to_a_reranker_while_replicas_still_hold_it() {
    let vendor = RerankVendor::start(100).await;
    let app = app_with(&vendor, "rerank-2", &[]).await;
    let base = numbered(&app, "base", 1..=3).await;
    let found = app.client.search(wanted(&base)).await;
    assert_eq!(numbers(&found), [3, 2, 1]);
    let gone = found["results"][0]["document_id"].as_str().unwrap();
    // Its job does not run, so that every replica goes on holding it.
    app.client.post("/v1/pauses", json!({"kind": "delete_document"})).await;
    let deleted = app.client.delete(&format!("/v1/documents/{gone}")).await;
    assert_eq!(deleted.status.as_u16(), 202, "{}", deleted.text);
    assert_eq!(numbers(&app.client.search(wanted(&base)).await), [2, 1]);
    let last = vendor.calls().pop().unwrap();
    assert_eq!(last.body["documents"].as_array().unwrap().len(), 2, "{last:?}");
    app.abandon().await;
}
