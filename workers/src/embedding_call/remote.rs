use config::{EmbeddingProvider, ExposeSecret, ModelSettings};
use integrations::IntegrationError;
use integrations::embedding::{EmbeddingVendor, RemoteEmbedder, RemoteModel};
use integrations::http::GuardedClient;
use url::Url;

/// A model of the catalogue that is somewhere else; `None` for a local or unknown one, and while its provider has no key.
///
/// # Errors
/// A base URL or key that cannot be used.
pub fn remote_embedder(
    settings: &ModelSettings,
    name: &str,
    client: &GuardedClient,
) -> Result<Option<RemoteEmbedder>, IntegrationError> {
    let Some(of) = settings.catalogue.get(name) else {
        return Ok(None);
    };
    let Some((base_url, key)) = settings.endpoint(of) else {
        return Ok(None);
    };
    let vendor = match of.provider {
        EmbeddingProvider::Local => return Ok(None),
        EmbeddingProvider::Openai | EmbeddingProvider::OpenaiCompatible => EmbeddingVendor::Openai,
        EmbeddingProvider::Voyage => EmbeddingVendor::Voyage,
        EmbeddingProvider::Cohere => EmbeddingVendor::Cohere,
        EmbeddingProvider::Gemini => EmbeddingVendor::Gemini,
    };
    let base_url = Url::parse(&base_url).map_err(|error| IntegrationError::NotConfigured {
        system: name.to_owned(),
        what_to_do: format!("correct its base_url: {error}"),
    })?;
    let model = RemoteModel {
        id: name.to_owned(),
        vendor,
        vendor_model: of.model.clone().unwrap_or_else(|| name.to_owned()),
        base_url,
        key: key.map(|key| key.expose_secret().to_owned()),
        dimensions: of.dimensions,
        max_tokens: of.max_tokens,
        chunk_tokens: of.chunk_tokens,
        batch_texts: of.batch_texts,
        batch_tokens: of.batch_tokens,
        send_dimensions: of.send_dimensions,
        query_prefix: of.query_prefix.clone(),
        passage_prefix: of.passage_prefix.clone(),
        reads_images: of.reads_images,
        price_micros_per_million_tokens: of.price_micros_per_million_tokens,
        price_micros_per_billion_pixels: of.price_micros_per_billion_pixels,
    };
    RemoteEmbedder::new(model, client.clone()).map(Some)
}
