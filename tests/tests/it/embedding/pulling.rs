use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use tests::{FileServer, Process, TestApp, TestOptions};

const WEIGHTS: &[u8] = b"pretended weights";
const TOKENIZER: &[u8] = br#"{"pretended": "tokenizer"}"#;

/// What `models pull --json` says, by the name of the file; the second is whether it ended well.
fn pull(app: &TestApp, config: &Path) -> (Value, bool) {
    let mut environment = app.environment();
    environment.push((
        "VISUALKIT__MODELS__DIR",
        app.data.path().join("models").display().to_string(),
    ));
    environment.push(("VISUALKIT_CONFIG", config.display().to_string()));
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let (code, out, complaint) = Process::outcome(&["models", "pull", "own", "--json"], &environment);
    let files: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{complaint}"));
    let of = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["file"].as_str().unwrap().to_owned(), file.clone()));
    (of.collect::<serde_json::Map<String, Value>>().into(), code == Some(0))
}

fn write_config(path: &Path, files: &[(&str, &str, &[u8])]) {
    let mut text = "[models.catalogue.own]\nprovider = \"local\"\ndimensions = 8\nmax_tokens = 64\n".to_owned();
    for (name, url, content) in files {
        let sha256: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        write!(
            text,
            "[models.catalogue.own.files.\"{name}\"]\nurl = \"{url}\"\nsha256 = \"{sha256}\"\n"
        )
        .unwrap();
    }
    std::fs::write(path, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_models_files_are_fetched_where_the_catalogue_says_and_nothing_else_is_taken_for_them() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let server = FileServer::start(&[("weights", WEIGHTS), ("tokenizer", TOKENIZER)]).await;
    let (weights, tokenizer) = (
        format!("{}/moved/weights", server.url),
        format!("{}/tokenizer", server.url),
    );
    let (config, folder) = (
        app.data.path().join("visualkit.toml"),
        app.data.path().join("models/own"),
    );

    write_config(
        &config,
        &[
            ("model.onnx", &weights, WEIGHTS),
            ("tokenizer.json", &tokenizer, b"another"),
        ],
    );
    let (files, well) = pull(&app, &config);
    assert_eq!(files["model.onnx"]["became"], "fetched", "{files}");
    assert_eq!(files["tokenizer.json"]["became"], "failed", "{files}");
    assert!(
        files["tokenizer.json"]["error"].as_str().unwrap().contains("SHA-256") && !well,
        "{files}"
    );
    assert_eq!(std::fs::read(folder.join("model.onnx")).unwrap(), WEIGHTS);
    let left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["model.onnx"], "nothing half-fetched stays");

    let cut = format!("{}/cut/tokenizer", server.url);
    write_config(
        &config,
        &[("model.onnx", &weights, WEIGHTS), ("tokenizer.json", &cut, TOKENIZER)],
    );
    let (files, _) = pull(&app, &config);
    assert_eq!(
        (&files["model.onnx"]["became"], &files["tokenizer.json"]["became"]),
        (&"kept".into(), &"failed".into())
    );

    std::fs::write(folder.join("model.onnx"), "damaged").unwrap();
    write_config(
        &config,
        &[
            ("model.onnx", &weights, WEIGHTS),
            ("tokenizer.json", &tokenizer, TOKENIZER),
        ],
    );
    let (files, well) = pull(&app, &config);
    assert!(well, "{files}");
    assert_eq!(
        (&files["model.onnx"]["became"], &files["tokenizer.json"]["became"]),
        (&"fetched".into(), &"fetched".into())
    );
    assert_eq!(std::fs::read(folder.join("model.onnx")).unwrap(), WEIGHTS);
    app.finish().await;
}
