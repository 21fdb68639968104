use config::{ExposeSecret, ModelSettings, RerankProvider};
use integrations::IntegrationError;
use integrations::http::GuardedClient;
use integrations::reranking::{RemoteReranker, RemoteRerankerModel, RerankVendor};
use url::Url;

/// A remote reranker of the settings. `None` for one that is not, that is local, or whose provider has no key here.
///
/// # Errors
/// A base URL or key that cannot be used.
pub fn remote_reranker(
    settings: &ModelSettings,
    name: &str,
    client: &GuardedClient,
) -> Result<Option<RemoteReranker>, IntegrationError> {
    let Some(of) = settings.rerankers.get(name) else {
        return Ok(None);
    };
    let vendor = match of.provider {
        RerankProvider::Local => return Ok(None),
        RerankProvider::Cohere => RerankVendor::Cohere,
        RerankProvider::Voyage => RerankVendor::Voyage,
    };
    let Some((base_url, key)) = settings.reranker_endpoint(of) else {
        return Ok(None);
    };
    let base_url = Url::parse(&base_url).map_err(|error| IntegrationError::NotConfigured {
        system: name.to_owned(),
        what_to_do: format!("correct the base_url of {}: {error}", of.provider.as_str()),
    })?;
    let model = RemoteRerankerModel {
        id: name.to_owned(),
        vendor,
        vendor_model: of.model.clone().unwrap_or_else(|| name.to_owned()),
        base_url,
        key: Some(key.expose_secret().to_owned()),
        max_tokens: of.max_tokens,
        query_tokens: of.query_tokens,
        batch_texts: of.batch_texts,
        batch_tokens: of.batch_tokens,
        price_micros_per_million_tokens: of.price_micros_per_million_tokens,
        price_micros_per_thousand_searches: of.price_micros_per_thousand_searches,
    };
    RemoteReranker::new(model, client.clone()).map(Some)
}
