//! Knowledge bases whose vectors are made by somebody else's model: fake vendors on loopback that behave as the real ones do.
mod budgets;
mod command_line;
mod contracts;
mod end_to_end;
mod failures;
mod images;
mod installation;
mod migrating;
pub(crate) mod openapi;
mod pulling;
mod refusals;
mod restarted;
mod started_again;

use serde_json::{Value, json};
use tests::{EmbeddingVendor, TestApp, TestOptions};

/// Numbers in the vectors of the model that tests name `mine`.
const DIMENSIONS: usize = 256;

/// The system with the vendor as the provider of everything, and a model `mine` of its own behind OpenAI's protocol.
async fn app_with(vendor: &EmbeddingVendor, more: &[(&'static str, &str)]) -> TestApp {
    let mut settings = vendor.settings();
    settings.extend([
        (
            "models.catalogue.mine.price_micros_per_million_tokens",
            "1000000".to_owned(),
        ),
        ("governor.longest_snooze_secs", "1".to_owned()),
        ("outgoing.timeout_secs", "3".to_owned()),
    ]);
    for name in ["openai", "voyage", "cohere", "gemini"] {
        let (base_url, key) = match name {
            "openai" => ("models.openai.base_url", "models.openai.api_key"),
            "voyage" => ("models.voyage.base_url", "models.voyage.api_key"),
            "cohere" => ("models.cohere.base_url", "models.cohere.api_key"),
            _ => ("models.gemini.base_url", "models.gemini.api_key"),
        };
        settings.extend([(base_url, vendor.url.clone()), (key, format!("the-key-of-{name}"))]);
    }
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A new base with the model, by its id.
async fn base_of(app: &TestApp, model: &str) -> String {
    let made = app
        .client
        .post(
            "/v1/knowledge-bases",
            json!({ "name": model, "embedding_model": model }),
        )
        .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    assert_eq!(made.body["embedding_model"], model);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Submits a document, and returns its job's id.
async fn submit(app: &TestApp, base: &str, content: &str) -> String {
    let body = json!({ "title": "Lantern", "content": content, "mime_type": "text/markdown" });
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let submitted = app.client.post(&path, body).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

/// So many sections, each a chunk of its own for a model that reads 512 tokens.
fn sections(count: usize) -> String {
    let words = "the keeper walks around the tower and lights every lamp before the night comes ".repeat(4);
    let section = |number| format!("# Part{number}\n\nThis is section number{number}: {words}\n\n");
    (0..count).map(section).collect()
}

async fn spent(app: &TestApp, credential: &str) -> Value {
    let listed = app.client.get("/v1/budgets").await;
    let found = listed.body["data"].as_array().unwrap().iter();
    let mut of_it = found.filter(|budget| budget["credential"] == credential);
    of_it.next().map_or(Value::Null, |budget| budget["today"].clone())
}
