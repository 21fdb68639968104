use serde_json::{Value, json};
use tests::{Client, TestApp};

/// Animals, each with the word that its document is about.
pub(super) const ANIMALS: [&str; 8] = [
    "aardvark", "badger", "capybara", "dormouse", "elephant", "ferret", "gazelle", "hedgehog",
];

/// A base with a document about each animal, called after it.
pub(super) async fn animals(client: &Client) -> String {
    let base = client.knowledge_base("animals").await;
    for animal in ANIMALS {
        let document = json!({"title": animal, "content": format!("The {animal} sleeps by day."), "mime_type": "text/plain",
            "external_id": animal});
        assert_eq!(client.ingest(&base, document).await["state"], "succeeded");
    }
    base
}

pub(super) async fn test_set(client: &Client, base: &str, name: &str) -> String {
    let path = format!("/v1/knowledge-bases/{base}/test-sets");
    let made = client.post(&path, json!({"name": name})).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

pub(super) async fn add(client: &Client, set: &str, questions: Value) -> Value {
    let path = format!("/v1/test-sets/{set}/questions");
    let added = client.post(&path, json!({ "questions": questions })).await;
    assert_eq!(added.status.as_u16(), 200, "{}", added.text);
    added.body
}

/// Asks for each animal by its name.
pub(super) fn questions() -> Value {
    let question =
        |animal: &&str| json!({"query": format!("where is the {animal}"), "relevant": [{"external_id": animal}]});
    ANIMALS.iter().map(question).collect()
}

/// The evaluation, ended.
pub(super) async fn evaluate(app: &TestApp, set: &str, configurations: Value) -> Value {
    let path = format!("/v1/test-sets/{set}/evaluations");
    let body = json!({ "configurations": configurations });
    let job = app.client.post(&path, body).await;
    assert_eq!(job.status.as_u16(), 202, "{}", job.text);
    let id = job.body["id"].as_str().unwrap();
    let ended = app.client.ended(id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let evaluation = app.client.get(&format!("/v1/evaluations/{id}")).await.body;
    assert_eq!(evaluation["result"], ended["result"]);
    evaluation
}
