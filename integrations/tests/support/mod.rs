use integrations::embedding::{LocalEmbedderSettings, LocalModelShape};
use std::path::{Path, PathBuf};

const MODEL: &str = "all-MiniLM-L6-v2";

/// Settings for the model that `./dev test` fetched; `None`, with the reason printed, where there is none.
pub(crate) fn local_model(sessions: usize) -> Option<LocalEmbedderSettings> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.dev/tools");
    let model_dir = setting("VISUALKIT_MODELS_DIR")
        .unwrap_or_else(|| tools.join("models"))
        .join(MODEL);
    let onnxruntime_library =
        setting("VISUALKIT_ONNXRUNTIME").unwrap_or_else(|| tools.join("onnxruntime/libonnxruntime.so"));
    for path in [&model_dir.join("model.onnx"), &onnxruntime_library] {
        if !path.is_file() {
            eprintln!("skipped: {} is missing; `./dev tools` fetches it", path.display());
            return None;
        }
    }
    Some(LocalEmbedderSettings {
        model_dir,
        onnxruntime_library,
        sessions,
        model_id: format!("{MODEL}/w8"),
        shape: LocalModelShape::default(),
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "tests are told where the model lies; the crate itself reads no environment"
)]
fn setting(name: &str) -> Option<PathBuf> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
