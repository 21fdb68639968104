use super::{RerankCaller, remote_reranker};
use crate::embedding_models::lacks_key;
use crate::{JobContext, JobError};
use config::{ModelSettings, RerankProvider};
use integrations::IntegrationError;
use integrations::http::GuardedClient;
use integrations::reranking::{LocalReranker, LocalRerankerSettings, Reranker};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

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
            let computed = match (local_reranker(settings, name), remote_reranker(settings, name, client)?) {
                (Some(local), _) => Computed::Here(Arc::new(local)),
                (None, Some(reranker)) => Computed::There(Arc::new(RerankCaller::new(reranker, of.provider.as_str()))),
                (None, None) => Computed::Nowhere(lacks_key(name, of.provider.key_name())),
            };
            rerankers.insert(name.clone(), computed);
        }
        Ok(Self(Arc::new(rerankers)))
    }

    /// One score a passage, in their order, between 0 and 1, within `timeout`. Where somebody waits for it, whatever holds it up is said at once.
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
            Some(Computed::Nowhere(why)) => Err(JobError::not_configured(&**why)),
            None => Err(JobError::permanent(
                "model_unavailable",
                format!("This system does not run the reranker {name}."),
            )),
        };
        scored.map_err(|error| error.said_to(job))
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
