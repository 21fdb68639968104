use super::Connections;
use anyhow::bail;
use config::Settings;
use integrations::embedding::{Embedder, LocalEmbedder, LocalEmbedderSettings};
use std::sync::Arc;
use store::embedding_models;

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

/// Refuses to start on weights that stored vectors of the same model name were not made with. Weights that cannot be read are no reason:
/// the jobs that need them say so, and the others run.
pub(crate) async fn refuse_other_weights(
    connections: &Connections,
    embedder: Arc<LocalEmbedder>,
) -> anyhow::Result<()> {
    let name = embedder.model().id.clone();
    let sha256 = match tokio::task::spawn_blocking(move || embedder.weights_sha256()).await? {
        Ok(sha256) => sha256,
        Err(error) => {
            tracing::warn!(%error, "no embedding model: documents and searches by meaning fail until it is there");
            return Ok(());
        }
    };
    if !embedding_models::is_unchanged(&connections.store, &name, &sha256).await? {
        bail!(
            "the weights in models.dir/{name} are not those that this installation's vectors were made with. Vectors of different weights do not \
             compare: put the old model.onnx back, or give the new weights a folder and a name (models.embedding) of their own"
        );
    }
    Ok(())
}
