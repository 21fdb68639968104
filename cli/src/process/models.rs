use super::local_model::local_embedders;
use anyhow::Context;
use config::Settings;
use integrations::IntegrationError;
use integrations::embedding::Embedder;
use integrations::http::{GuardedClient, HttpLimits, OutboundPolicy};
use std::sync::Arc;
use std::time::Duration;
use workers::{EmbeddingModels, Rerankers};

/// Of 128 vectors with 8,192 numbers each, about as many bytes are needed.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The models of the catalogue, and the local one that sentences are compared by. Nothing is loaded or called yet.
pub(crate) fn embedding_models(settings: &Settings) -> anyhow::Result<(EmbeddingModels, Arc<dyn Embedder>)> {
    let locals: Vec<Arc<dyn Embedder>> = local_embedders(settings)
        .into_iter()
        .map(|embedder| embedder as Arc<dyn Embedder>)
        .collect();
    let sentences = locals
        .iter()
        .find(|embedder| embedder.model().id == settings.models.sentences)
        .cloned()
        .context("models.sentences names no local model")?;
    let models = EmbeddingModels::of(&settings.models, locals, &model_client(settings)?)?;
    Ok((models, sentences))
}

/// The rerankers of the settings. Nothing is loaded or called yet.
pub(crate) fn rerankers(settings: &Settings) -> Result<Rerankers, IntegrationError> {
    Rerankers::of(&settings.models, &model_client(settings)?)
}

/// The client for calls to model providers. Their addresses are the operator's, not a tenant's, so they may be on our own network.
pub(crate) fn model_client(settings: &Settings) -> Result<GuardedClient, IntegrationError> {
    let outgoing = &settings.outgoing;
    let policy = OutboundPolicy {
        allow_loopback: true,
        allow_private: true,
    };
    let limits = HttpLimits {
        connect_timeout: Duration::from_secs(outgoing.connect_timeout_secs),
        total_timeout: Duration::from_secs(outgoing.timeout_secs),
        response_bytes_max: ANSWER_BYTES_MAX,
    };
    GuardedClient::new(policy, limits)
}
