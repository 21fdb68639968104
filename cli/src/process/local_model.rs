use config::Settings;
use integrations::embedding::{LocalEmbedder, LocalEmbedderSettings};

/// The configured local model; it loads when first used.
pub(crate) fn embedder(settings: &Settings) -> LocalEmbedder {
    LocalEmbedder::new(embedder_settings(settings))
}

pub(crate) fn embedder_settings(settings: &Settings) -> LocalEmbedderSettings {
    LocalEmbedderSettings {
        model_dir: settings.models.dir.join(&settings.models.embedding),
        onnxruntime_library: settings.models.onnxruntime.clone(),
        sessions: settings.models.sessions,
        model_id: settings.models.embedding.clone(),
    }
}
