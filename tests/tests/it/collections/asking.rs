use super::{collection, found, ingest};
use serde_json::json;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_answers_look_into_the_named_collections_and_nowhere_else() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let town = collection(&app.client, &base, "Town").await;
    ingest(&app.client, &base, "quay", Some(&harbour)).await;
    ingest(&app.client, &base, "square", Some(&town)).await;
    ingest(&app.client, &base, "forest", None).await;
    for mode in ["hybrid", "keyword", "vector"] {
        let asked = json!({"mode": mode, "collection_ids": [town]});
        assert_eq!(found(&app.client, &base, asked).await, ["On square"], "{mode}");
    }
    let both = json!({"collection_ids": [town, harbour]});
    assert_eq!(found(&app.client, &base, both).await, ["On quay", "On square"]);
    let filtered = json!({"collection_ids": [town, harbour], "filter": {"$external_id": "quay"}});
    assert_eq!(found(&app.client, &base, filtered).await, ["On quay"]);
    assert_eq!(
        found(&app.client, &base, json!({})).await,
        ["On forest", "On quay", "On square"]
    );

    let question = json!({"knowledge_base_ids": [base], "question": "When is every lantern of the square lit?", "collection_ids": [town]});
    let answered = app.client.post_waiting("/v1/answers", question, 20).await;
    let cited = answered.body["result"]["citations"].as_array().unwrap();
    let titles: Vec<&str> = cited.iter().map(|it| it["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["On square"], "{}", answered.text);
    let question = json!({"knowledge_base_ids": [base], "question": "When is every lantern of the square lit?", "collection_ids": [harbour]});
    let answered = app.client.post_waiting("/v1/answers", question, 20).await;
    assert!(
        !answered.body["result"].to_string().contains("square"),
        "{}",
        answered.text
    );

    let none = json!({"knowledge_base_ids": [base], "query": "lantern", "collection_ids": []});
    app.client.post("/v1/search", none).await.expect_problem(422, "invalid");
    app.finish().await;
}
