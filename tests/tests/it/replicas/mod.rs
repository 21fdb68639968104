//! What a process keeps of bases: how many at once, how much of the machine, and what becomes of searches when processes come and go.
mod homes;
mod listing;
mod older;
mod progress;
mod rebuilding;
mod room;
mod scaling;

use serde_json::{Value, json};
use std::path::PathBuf;
use tests::{TestApp, TestOptions};

async fn start(more: &[(&'static str, &str)]) -> TestApp {
    let mut settings = vec![
        ("retrieval.refresh_interval_secs", "1".to_owned()),
        // A replica that is built for a search is never late, however busy the machine is.
        ("retrieval.freshness_wait_ms", "20000".to_owned()),
    ];
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await
}

/// A base with one document of so many chunks, each of which holds the base's name.
async fn filled(app: &TestApp, name: &str, chunks: usize) -> String {
    let base = app.client.knowledge_base(name).await;
    ingest(app, &base, name, chunks).await;
    base
}

async fn ingest(app: &TestApp, base: &str, name: &str, chunks: usize) {
    let section = |number| {
        format!(
            "# Part {number}\n\nLantern {name} number{number} {}\n\n",
            "stone ".repeat(150)
        )
    };
    let content: String = (0..chunks).map(section).collect();
    let document = json!({"title": name, "content": content, "mime_type": "text/markdown", "external_id": name});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert!(job["result"]["chunks"].as_u64().unwrap() >= chunks as u64, "{job}");
}

async fn search(app: &TestApp, base: &str, words: &str) -> Value {
    let query = json!({"knowledge_base_ids": [base], "query": words, "mode": "keyword", "limit": 1});
    app.client.search(query).await
}

/// Finds what the base is called by, in what was committed before.
async fn finds(app: &TestApp, base: &str, name: &str) {
    let found = search(app, base, name).await;
    let text = found["results"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains(name) && found["stale"] == false, "{found}");
}

/// The replicas on the disk, by base, and whether each is open.
fn on_disk(app: &TestApp) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for tenant in directories(app.data.path().join("replicas").join("0")) {
        for base in directories(tenant) {
            for replica in directories(base.clone()) {
                let name = base.file_name().unwrap().to_str().unwrap().to_owned();
                found.push((name, !replica.join("clean.json").exists()));
            }
        }
    }
    found
}

fn directories(path: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn open(app: &TestApp) -> Vec<String> {
    let found = on_disk(app).into_iter();
    found.filter(|(_, open)| *open).map(|(base, _)| base).collect()
}
