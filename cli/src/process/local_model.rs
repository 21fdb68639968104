use super::Connections;
use anyhow::bail;
use config::{EmbeddingProvider, ModelPooling, Settings};
use integrations::embedding::{Embedder, LocalEmbedder, LocalEmbedderSettings, LocalModelShape, LocalPooling};
use std::sync::Arc;
use store::embedding_models;

/// A local model of the catalogue; it loads when first used. `None` for a model that is none.
pub(crate) fn local_embedder(settings: &Settings, name: &str) -> Option<LocalEmbedder> {
    embedder_settings(settings, name).map(LocalEmbedder::new)
}

/// All local models of the catalogue.
pub(crate) fn local_embedders(settings: &Settings) -> Vec<Arc<LocalEmbedder>> {
    let names = settings.models.catalogue.keys();
    names
        .filter_map(|name| local_embedder(settings, name))
        .map(Arc::new)
        .collect()
}

/// `None` for a model that is not in the catalogue, or not local.
pub(crate) fn embedder_settings(settings: &Settings, name: &str) -> Option<LocalEmbedderSettings> {
    let models = &settings.models;
    let model = models.catalogue.get(name)?;
    (model.provider == EmbeddingProvider::Local).then(|| LocalEmbedderSettings {
        model_dir: models.dir.join(model.folder.as_deref().unwrap_or(name)),
        onnxruntime_library: models.onnxruntime.clone(),
        sessions: models.sessions,
        model_id: name.to_owned(),
        shape: LocalModelShape {
            dimensions: model.dimensions,
            max_tokens: model.max_tokens,
            pooling: match model.pooling {
                ModelPooling::Mean => LocalPooling::Mean,
                ModelPooling::Cls => LocalPooling::Cls,
            },
            query_prefix: model.query_prefix.clone(),
            passage_prefix: model.passage_prefix.clone(),
        },
    })
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
            "the weights of {name} in models.dir are not those that this installation's vectors were made with. Vectors of different weights do not \
             compare: put the old model.onnx back, or give the new weights a folder and a name (in models.catalogue) of their own"
        );
    }
    Ok(())
}
