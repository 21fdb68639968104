use async_trait::async_trait;
use integrations::IntegrationError;
use integrations::embedding::{Embedder, EmbeddingModel};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use tests::{HashingEmbedder, TestApp, TestOptions};

/// What a job embeds before it stores anything.
pub(super) const BATCH: usize = 64;

/// Four batches.
pub(super) const SECTIONS: usize = 3 * BATCH + 8;

/// A model that works until it has embedded so many texts, and then fails once or for good.
pub(super) struct Ailing {
    pub(super) words: HashingEmbedder,
    illness: Mutex<Option<(usize, IntegrationError)>>,
}

impl Ailing {
    /// Fails after `texts` texts, once, and then is well.
    pub(super) fn after(texts: usize, error: IntegrationError) -> Arc<Self> {
        Arc::new(Self {
            words: HashingEmbedder::new("all-MiniLM-L6-v2"),
            illness: Mutex::new(Some((texts, error))),
        })
    }

    pub(super) fn embedded(&self) -> Vec<String> {
        self.words.embedded.lock().unwrap().clone()
    }
}

#[async_trait]
impl Embedder for Ailing {
    fn model(&self) -> &EmbeddingModel {
        self.words.model()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, IntegrationError> {
        let done = self.words.embedded.lock().unwrap().len();
        if let Some((_, error)) = self.illness.lock().unwrap().take_if(|(after, _)| done >= *after) {
            return Err(error);
        }
        self.words.embed(texts).await
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.words.count_tokens(text)
    }
}

/// Trying again helps.
pub(super) fn away() -> IntegrationError {
    IntegrationError::Timeout {
        system: "model".to_owned(),
    }
}

/// Trying again does not help.
pub(super) fn refuses() -> IntegrationError {
    IntegrationError::Rejected {
        system: "model".to_owned(),
        reason: "it has had enough".to_owned(),
    }
}

pub(super) async fn with_model(model: Arc<dyn Embedder>) -> TestApp {
    TestApp::start_with(TestOptions {
        embedder: Some(model),
        ..TestOptions::default()
    })
    .await
}

/// A document of so many sections, each a chunk of its own.
pub(super) fn document(sections: usize) -> Value {
    let mut content = String::from("# Lantern\n");
    for section in 0..sections {
        write!(
            content,
            "\n## Part {section}\n\n{}\n",
            format!("word{section} ").repeat(90)
        )
        .unwrap();
    }
    json!({"title": "Lantern", "content": content, "mime_type": "text/markdown", "external_id": "lantern"})
}

pub(super) async fn submit(app: &TestApp, base: &str, document: Value) -> Value {
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let submitted = app.client.post(&path, document).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body
}

pub(super) async fn steps(app: &TestApp, job: &str) -> Vec<Value> {
    let listed = app.client.get(&format!("/v1/jobs/{job}/steps")).await;
    assert_eq!(listed.status.as_u16(), 200, "{}", listed.text);
    assert_eq!(listed.body["next_cursor"], Value::Null);
    listed.body["data"].as_array().unwrap().clone()
}

/// `name state attempt` of each step, the attempt where there was one.
pub(super) fn states(steps: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps
        .iter()
        .map(|step| {
            let attempt = step["attempt"].as_i64().map(|attempt| format!(" {attempt}"));
            format!(
                "{} {}{}",
                text(&step["name"]),
                text(&step["state"]),
                attempt.unwrap_or_default()
            )
        })
        .collect()
}

pub(super) async fn count(app: &TestApp, table: &str) -> usize {
    let rows = app.count(&format!("SELECT count(*) FROM {table}")).await;
    usize::try_from(rows).unwrap()
}
