use config::Settings;
use integrations::embedding::{LocalEmbedder, LocalEmbedderSettings, LocalModelShape};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tests::{TestApp, TestOptions, workspace_root};

/// The sample help centre of an invented product, ingested with the real model.
pub(super) struct HelpCentre {
    pub(super) app: TestApp,
    pub(super) base: String,
    /// `help-centre/refunds.md`, by document id.
    pub(super) names: BTreeMap<String, String>,
}

impl HelpCentre {
    /// `None`, with the reason printed, where the model is not there.
    pub(super) async fn open() -> Option<Self> {
        let app = start().await?;
        let base = app.client.knowledge_base("help centre").await;
        let mut names = BTreeMap::new();
        for name in pages() {
            let content = std::fs::read_to_string(workspace_root().join("samples").join(&name)).unwrap();
            let title = content.lines().find_map(|line| line.strip_prefix("title: ")).unwrap();
            let document =
                json!({"title": title, "content": content, "mime_type": "text/markdown", "external_id": name});
            let job = app.client.ingest(&base, document).await;
            assert_eq!(job["state"], "succeeded", "{name}: {job}");
            names.insert(job["document_id"].as_str().unwrap().to_owned(), name);
        }
        Some(Self { app, base, names })
    }

    /// The pages found, the best first, each once.
    pub(super) async fn search(&self, query: &str, mode: &str) -> Vec<String> {
        let body = json!({"knowledge_base_ids": [self.base], "query": query, "mode": mode, "limit": 20});
        let found = self.app.client.search(body).await;
        let mut pages: Vec<String> = Vec::new();
        for hit in found["results"].as_array().unwrap() {
            let page = &self.names[hit["document_id"].as_str().unwrap()];
            if !pages.contains(page) {
                pages.push(page.clone());
            }
        }
        pages
    }

    pub(super) async fn ask(&self, question: &str) -> Value {
        let body = json!({"knowledge_base_ids": [self.base], "question": question});
        let answered = self.app.client.post_waiting("/v1/answers", body, 30).await;
        assert_eq!(answered.body["state"], "succeeded", "{}", answered.text);
        answered.body["result"].clone()
    }
}

/// The whole system with the real model; `None`, with the reason printed, where that is not there.
pub(super) async fn start() -> Option<TestApp> {
    let embedder = Arc::new(LocalEmbedder::new(local_model()?));
    Some(
        TestApp::start_with(TestOptions {
            embedder: Some(embedder),
            ..TestOptions::default()
        })
        .await,
    )
}

pub(super) fn local_model() -> Option<LocalEmbedderSettings> {
    let settings = Settings::with_overrides(&[]).unwrap();
    let folder = |name: &str, default: PathBuf| {
        std::env::var_os(name)
            .filter(|path| !path.is_empty())
            .map_or(default, PathBuf::from)
    };
    let models = folder("VISUALKIT_MODELS_DIR", workspace_root().join(&settings.models.dir));
    let onnxruntime_library = folder(
        "VISUALKIT_ONNXRUNTIME",
        workspace_root().join(&settings.models.onnxruntime),
    );
    let model_dir = models.join(&settings.models.embedding);
    for path in [&model_dir.join("model.onnx"), &onnxruntime_library] {
        if !path.is_file() {
            eprintln!("skipped: {} is missing; `./dev tools` fetches it", path.display());
            return None;
        }
    }
    Some(LocalEmbedderSettings {
        model_dir,
        onnxruntime_library,
        sessions: 1,
        model_id: settings.models.embedding.clone(),
        shape: LocalModelShape::default(),
    })
}

fn pages() -> Vec<String> {
    let mut pages: Vec<String> = std::fs::read_dir(workspace_root().join("samples/help-centre"))
        .unwrap()
        .map(|entry| format!("help-centre/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    pages.sort();
    pages
}
