use super::support::{animals, test_set};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_asked_of_the_base_is_drawn_once_and_waits_for_judgement() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let other = app.client.knowledge_base("other").await;
    for (base, query) in [
        (&base, "sleeping badger"),
        (&base, " Sleeping Badger"),
        (&base, "wild gazelle"),
        (&other, "not of this base"),
    ] {
        app.client
            .search(json!({"knowledge_base_ids": [base], "query": query}))
            .await;
    }
    let asked = json!({"knowledge_base_ids": [base], "question": "Where is the ferret?"});
    app.client.post_waiting("/v1/answers", asked, 20).await;
    let set = test_set(&app.client, &base, "real").await;
    let path = format!("/v1/test-sets/{set}/sample");
    let drawn = app.client.post(&path, json!({"limit": 50})).await;
    let drawn = drawn.body["data"].as_array().unwrap().clone();
    let mut queries: Vec<String> = drawn
        .iter()
        .map(|question| question["query"].as_str().unwrap().to_lowercase())
        .collect();
    queries.sort();
    assert_eq!(queries, ["sleeping badger", "where is the ferret?", "wild gazelle"]);
    for question in &drawn {
        assert_eq!(
            (&question["origin"], &question["judged_at"], &question["relevant"]),
            (&json!("sampled"), &Value::Null, &json!([]))
        );
    }
    let again = app.client.post(&path, json!({})).await;
    assert_eq!(again.body["data"], json!([]), "the set has them");
    let few = app
        .secret_key(app.tenant, &["knowledge:write", "evaluations:read"])
        .await;
    let few = app.client.with_key(Some(&few));
    few.post(&path, json!({})).await.expect_problem(403, "forbidden");
    app.finish().await;
}
