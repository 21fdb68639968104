//! A cross-encoder from a folder, in the real runtime: a small one by hand (integrations/testdata), since no trained one is small enough to be kept here.
use serde_json::{Value, json};
use std::path::PathBuf;
use tests::{Process, TestApp, TestOptions, workspace_root};

async fn app_with(folder: &str) -> Option<TestApp> {
    let runtime = onnxruntime()?;
    let folders = workspace_root().join("integrations/testdata");
    Some(
        TestApp::start_with(TestOptions {
            settings: vec![
                ("models.dir", folders.display().to_string()),
                ("models.onnxruntime", runtime),
                ("models.rerankers.words.provider", "local".to_owned()),
                ("models.rerankers.words.folder", folder.to_owned()),
                ("models.rerankers.words.max_tokens", "128".to_owned()),
                ("retrieval.reranker", "words".to_owned()),
            ],
            ..TestOptions::default()
        })
        .await,
    )
}

/// `None`, with the reason printed, where it is not there.
fn onnxruntime() -> Option<String> {
    let given = std::env::var_os("VISUALKIT_ONNXRUNTIME").filter(|path| !path.is_empty());
    let path = given.map_or_else(
        || workspace_root().join(".dev/tools/onnxruntime/libonnxruntime.so"),
        PathBuf::from,
    );
    if path.is_file() {
        return Some(path.display().to_string());
    }
    eprintln!("skipped: {} is missing; `./dev tools` fetches it", path.display());
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_reranker_orders_what_was_found() {
    let Some(app) = app_with("word-overlap-reranker").await else {
        return;
    };
    let base = app.client.knowledge_base("base").await;
    // The first has the most of the query's words by number, and the last the most different ones.
    let contents = [
        "Whale whale whale whale oil oil oil oil.",
        "A storm at the tower.",
        "Fog fog fog. The harbour has a bell and a ship; what else there is beside whale oil is light for the keeper.",
    ];
    for content in contents {
        let document = json!({"title": "x", "content": content, "mime_type": "text/plain"});
        app.client.ingest(&base, document).await;
    }
    let body = json!({"knowledge_base_ids": [base], "query": "whale oil light keeper", "mode": "keyword", "rerank": true, "explain": true});
    let found = app.client.search(body).await;
    let scores: Vec<f64> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["score"].as_f64().unwrap())
        .collect();
    assert_eq!((&found["reranker"], scores.len()), (&json!("words"), 2), "{found}");
    assert!(
        found["results"][0]["text"].as_str().unwrap().starts_with("Fog"),
        "{found}"
    );
    // Four words and two, less one, through the logistic function.
    for (score, logit) in scores.iter().zip([3.0_f64, 1.0]) {
        assert!((score - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-5, "{scores:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_costs_the_order_and_not_the_search() {
    let Some(app) = app_with("nowhere").await else { return };
    let base = app.client.knowledge_base("base").await;
    let document = json!({"title": "x", "content": "Whale oil.", "mime_type": "text/plain"});
    app.client.ingest(&base, document).await;
    let body = json!({"knowledge_base_ids": [base], "query": "whale oil", "rerank": true});
    let found = app.client.search(body).await;
    assert_eq!(
        (&found["reranker"], &found["results"][0]["text"]),
        (&json!("none"), &json!("Whale oil.")),
        "{found}"
    );
    assert!(
        found["rerank_error"]["message"]
            .as_str()
            .unwrap()
            .contains("model.onnx is missing"),
        "{found}"
    );
    app.finish().await;
}

#[test]
fn a_local_reranker_is_verified_by_the_command() {
    let Some(runtime) = onnxruntime() else { return };
    let folders = workspace_root().join("integrations/testdata").display().to_string();
    for (folder, code, told) in [
        ("word-overlap-reranker", 0, "came first"),
        ("nowhere", 3, "model.onnx is missing"),
    ] {
        let environment = [
            ("VISUALKIT__MODELS__DIR", folders.as_str()),
            ("VISUALKIT__MODELS__ONNXRUNTIME", runtime.as_str()),
            ("VISUALKIT__MODELS__RERANKERS__WORDS__PROVIDER", "local"),
            ("VISUALKIT__MODELS__RERANKERS__WORDS__FOLDER", folder),
            ("VISUALKIT__MODELS__RERANKERS__WORDS__MAX_TOKENS", "128"),
        ];
        let (ended, out, error) = Process::outcome(&["models", "verify", "words", "--json"], &environment);
        let verified: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"));
        assert_eq!(
            (ended, &verified[0]["works"]),
            (Some(code), &json!(code == 0)),
            "{verified}"
        );
        assert!(verified[0]["detail"].as_str().unwrap().contains(told), "{verified}");
    }
}
