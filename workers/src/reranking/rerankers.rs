use super::RerankCaller;
use crate::{JobContext, JobError};
use config::{ExposeSecret, ModelSettings, RerankProvider, RerankerSettings};
use integrations::IntegrationError;
use integrations::http::GuardedClient;
use integrations::reranking::{
    LocalReranker, LocalRerankerSettings, RemoteReranker, RemoteRerankerModel, RerankVendor, Reranker,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// All rerankers of the settings; cheap to clone.
#[derive(Clone)]
pub struct Rerankers(Arc<BTreeMap<String, Computed>>);

#[derive(Clone)]
enum Computed {
    Here(Arc<dyn Reranker>),
    There(Arc<RerankCaller>),
    /// Why not.
    Nowhere(Arc<str>),
}

impl Rerankers {
    /// Nothing is loaded or called yet. One whose provider has no key can be named, and says so when it is used.
    ///
    /// # Errors
    /// A base URL or key that cannot be used.
    pub fn of(settings: &ModelSettings, client: &GuardedClient) -> Result<Self, IntegrationError> {
        let mut rerankers = BTreeMap::new();
        for (name, of) in &settings.rerankers {
            let computed = match (local_reranker(settings, name), remote(settings, name, of, client)?) {
                (Some(local), _) => Computed::Here(Arc::new(local)),
                (None, Some(reranker)) => Computed::There(Arc::new(RerankCaller::new(reranker, of.provider.as_str()))),
                (None, None) => {
                    let key = of.provider.key_name().unwrap_or("its key");
                    Computed::Nowhere(format!("{name} cannot be used: this process has no {key}.").into())
                }
            };
            rerankers.insert(name.clone(), computed);
        }
        Ok(Self(Arc::new(rerankers)))
    }

    /// One score a passage, in their order, between 0 and 1, within `timeout`. Somebody waits for it: whatever holds it up is said at once.
    pub(crate) async fn score(
        &self,
        job: &JobContext,
        name: &str,
        query: &str,
        passages: Vec<String>,
        timeout: Duration,
    ) -> Result<Vec<f32>, JobError> {
        let deadline = Instant::now() + timeout;
        let scored = match self.0.get(name) {
            Some(Computed::Here(reranker)) => tokio::time::timeout_at(deadline, reranker.rerank(query, passages))
                .await
                .unwrap_or_else(|_| Err(too_late(name)))
                .map_err(JobError::from),
            Some(Computed::There(caller)) => caller.score(job, query, &passages, deadline).await,
            Some(Computed::Nowhere(why)) => Err(JobError::permanent("model_unavailable", &**why)),
            None => Err(JobError::permanent(
                "model_unavailable",
                format!("This system does not run the reranker {name}."),
            )),
        };
        scored.map_err(JobError::said_at_once)
    }
}

pub(super) fn too_late(name: &str) -> IntegrationError {
    IntegrationError::Timeout {
        system: name.to_owned(),
    }
}

/// A local reranker of the settings; it loads when first used. `None` for one that is not local.
pub fn local_reranker(settings: &ModelSettings, name: &str) -> Option<LocalReranker> {
    let of = settings.rerankers.get(name)?;
    (of.provider == RerankProvider::Local).then(|| {
        LocalReranker::new(LocalRerankerSettings {
            model_dir: settings.dir.join(of.folder.as_deref().unwrap_or(name)),
            onnxruntime_library: settings.onnxruntime.clone(),
            sessions: settings.sessions,
            model_id: name.to_owned(),
            max_tokens: of.max_tokens,
        })
    })
}

fn remote(
    settings: &ModelSettings,
    name: &str,
    of: &RerankerSettings,
    client: &GuardedClient,
) -> Result<Option<RemoteReranker>, IntegrationError> {
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
