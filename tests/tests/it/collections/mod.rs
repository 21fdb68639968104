//! Collections: documents that are listed, searched, ingested again and deleted together.
mod asking;
mod command_line;
mod deleting;
mod of_sources;
mod putting;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, Client};

/// A collection of the base; returns its id.
pub(crate) async fn collection(client: &Client, base: &str, name: &str) -> String {
    let made = client
        .post(
            &format!("/v1/knowledge-bases/{base}/collections"),
            json!({ "name": name }),
        )
        .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

fn document(word: &str, collection: Option<&str>) -> Value {
    json!({"title": format!("On {word}"), "content": format!("Every lantern of the {word} is lit at dusk."), "mime_type": "text/plain",
        "external_id": word, "collection_id": collection})
}

/// Ingests a document on lanterns; returns its id.
async fn ingest(client: &Client, base: &str, word: &str, collection: Option<&str>) -> String {
    let job = client.ingest(base, document(word, collection)).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job["document_id"].as_str().unwrap().to_owned()
}

async fn patch(client: &Client, path: &str, body: Value) -> Answered {
    client.send(client.request(Method::PATCH, path).json(&body)).await
}

/// The titles that a search for lanterns finds, in order of the alphabet.
async fn found(client: &Client, base: &str, more: Value) -> Vec<String> {
    let mut search = json!({"knowledge_base_ids": [base], "query": "lantern lit at dusk"});
    search
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let searched = client.post_waiting("/v1/search", search, 20).await;
    assert_eq!(searched.body["state"], "succeeded", "{}", searched.text);
    let mut titles: Vec<String> = searched.body["result"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

/// The titles of a base's documents, the newest first.
async fn listed(client: &Client, base: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/knowledge-bases/{base}/documents?{query}");
    let page = client.get(&path).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    let titles = page.body["data"].as_array().unwrap().iter();
    titles
        .map(|document| document["title"].as_str().unwrap().to_owned())
        .collect()
}
