//! A second local embedding model, from a folder of its own: a real worker makes the vectors of each base by its model.
use super::help_centre::local_model;
use serde_json::json;
use tests::{Process, TestApp, TestOptions};

const FOLDER: &str = "trained-elsewhere";

#[tokio::test(flavor = "multi_thread")]
async fn each_base_is_embedded_by_the_local_model_that_it_names() {
    let Some(default) = local_model() else { return };
    // The same weights, of which the vector is another: the first token's, not the mean of all.
    let folders = tempfile::tempdir().unwrap();
    for folder in [default.model_id.as_str(), FOLDER] {
        std::os::unix::fs::symlink(&default.model_dir, folders.path().join(folder)).unwrap();
    }
    let second = [
        ("provider", "local"),
        ("folder", FOLDER),
        ("dimensions", "384"),
        ("max_tokens", "128"),
        ("pooling", "cls"),
    ];
    let of_api = [
        "models.catalogue.second.provider",
        "models.catalogue.second.folder",
        "models.catalogue.second.dimensions",
        "models.catalogue.second.max_tokens",
        "models.catalogue.second.pooling",
    ];
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        settings: of_api
            .into_iter()
            .zip(second.map(|(_, value)| value.to_owned()))
            .collect(),
        ..TestOptions::default()
    })
    .await;
    let mut environment: Vec<(String, String)> = app
        .environment()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (field, value) in second {
        let name = format!("VISUALKIT__MODELS__CATALOGUE__SECOND__{}", field.to_uppercase());
        environment.push((name, value.to_owned()));
    }
    let runtime = default.onnxruntime_library.display().to_string();
    environment.push(("VISUALKIT__MODELS__ONNXRUNTIME".to_owned(), runtime));
    environment.push((
        "VISUALKIT__MODELS__DIR".to_owned(),
        folders.path().display().to_string(),
    ));
    environment.push(("VISUALKIT__SERVER__ADMIN_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let log = app.data.path().join("worker.log");
    let _worker = Process::start(&["worker", "--pools", "ingest,retrieval"], &environment, &log);

    let mut similarities = Vec::new();
    for model in [default.model_id.as_str(), "second"] {
        let body = json!({"name": model, "embedding_model": model});
        let created = app.client.post("/v1/knowledge-bases", body).await;
        assert_eq!(created.status.as_u16(), 201, "{}", created.text);
        let base = created.body["id"].as_str().unwrap();
        let document = json!({"title": "Lamp", "content": "The lamp burns for 36 hours.", "mime_type": "text/plain"});
        let job = app.client.ingest(base, document).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let body = json!({"knowledge_base_ids": [base], "query": "battery life", "mode": "vector"});
        let found = app.client.search(body).await;
        assert_eq!(found["results"][0]["title"], "Lamp", "{found}");
        similarities.push(found["results"][0]["similarity"].as_f64().unwrap());
    }
    let [mean, cls] = similarities[..] else {
        panic!("{similarities:?}")
    };
    assert!((mean - cls).abs() > 0.01, "{mean} {cls}");
    let (code, verified, error) = Process::outcome(&["models", "verify", "second", "--json"], &environment);
    assert_eq!(code, Some(0), "{verified}{error}");
    app.abandon().await;
}
