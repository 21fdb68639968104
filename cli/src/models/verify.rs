use super::verify_embedder::{verify_local_embedder, verify_remote_embedder};
use super::verify_reranker::{verify_local_reranker, verify_remote_reranker};
use crate::process::{local_embedder, model_client};
use anyhow::bail;
use config::Settings;
use integrations::http::GuardedClient;
use serde::Serialize;
use std::fmt::Display;
use std::time::Instant;
use workers::{local_reranker, remote_embedder, remote_reranker};

/// What became of one model.
#[derive(Serialize)]
pub(crate) struct Verified {
    id: String,
    /// `embedding` or `reranker`.
    kind: &'static str,
    #[serde(flatten)]
    pub(crate) trial: Trial,
}

#[derive(Serialize)]
pub(crate) struct Trial {
    /// `None`: it was not tried.
    pub(crate) works: Option<bool>,
    /// What it did, or why it failed or was not tried.
    detail: String,
    /// Of a local model its loading, too.
    took_ms: Option<u64>,
}

/// Tries the embedding models and rerankers of these names, or all that are available.
///
/// # Errors
/// A name that is none of either; a base URL or key that cannot be used.
pub(crate) async fn verify(settings: &Settings, names: &[String], call: bool) -> anyhow::Result<Vec<Verified>> {
    let models = &settings.models;
    let known = |name: &String| models.catalogue.contains_key(name) || models.rerankers.contains_key(name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        bail!(
            "there is no model `{unknown}` in models.catalogue or models.rerankers; `visualkit models list` shows those that are"
        );
    }
    let client = model_client(settings)?;
    let wanted =
        |id: &String, unavailable: &Option<String>| names.contains(id) || (names.is_empty() && unavailable.is_none());
    let mut verified = Vec::new();
    for (id, model) in &models.catalogue {
        let unavailable = models.unavailable(model);
        if wanted(id, &unavailable) {
            let trial = embedder(settings, id, &client, call).await?;
            verified.push(Verified::of(id, "embedding", trial, unavailable));
        }
    }
    for id in models.rerankers.keys() {
        let unavailable = models.reranker_unavailable(id);
        if wanted(id, &unavailable) {
            let trial = reranker(settings, id, &client, call).await?;
            verified.push(Verified::of(id, "reranker", trial, unavailable));
        }
    }
    Ok(verified)
}

/// `None` where it lacks what it needs.
async fn embedder(settings: &Settings, id: &str, client: &GuardedClient, call: bool) -> anyhow::Result<Option<Trial>> {
    if let Some(local) = local_embedder(settings, id) {
        return Ok(Some(Trial::of(verify_local_embedder(id, local)).await));
    }
    Ok(match remote_embedder(&settings.models, id, client)? {
        Some(remote) if call => Some(Trial::of(verify_remote_embedder(&remote)).await),
        Some(_) => Some(Trial::untried()),
        None => None,
    })
}

/// `None` where it lacks what it needs.
async fn reranker(settings: &Settings, id: &str, client: &GuardedClient, call: bool) -> anyhow::Result<Option<Trial>> {
    if let Some(local) = local_reranker(&settings.models, id) {
        return Ok(Some(Trial::of(verify_local_reranker(&local)).await));
    }
    Ok(match remote_reranker(&settings.models, id, client)? {
        Some(remote) if call => Some(Trial::of(verify_remote_reranker(&remote)).await),
        Some(_) => Some(Trial::untried()),
        None => None,
    })
}

impl Trial {
    async fn of<E: Display>(trial: impl Future<Output = Result<String, E>>) -> Self {
        let started = Instant::now();
        let (works, detail) = match trial.await {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.to_string()),
        };
        Self {
            works: Some(works),
            detail,
            took_ms: Some(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
        }
    }

    fn untried() -> Self {
        Self {
            works: None,
            detail: "it has what it needs; --call would try it".to_owned(),
            took_ms: None,
        }
    }
}

impl Verified {
    fn of(id: &str, kind: &'static str, trial: Option<Trial>, unavailable: Option<String>) -> Self {
        let lacking = || Trial {
            works: Some(false),
            detail: unavailable.unwrap_or_default(),
            took_ms: None,
        };
        Self {
            id: id.to_owned(),
            kind,
            trial: trial.unwrap_or_else(lacking),
        }
    }

    pub(crate) fn table(verified: &[Self]) -> String {
        let mut text = String::new();
        for Self { id, kind, trial } in verified {
            let word = match trial.works {
                Some(true) => "works",
                Some(false) => "FAILS",
                None => "untried",
            };
            let took = trial.took_ms.map_or(String::new(), |ms| format!(" ({ms} ms)"));
            text.push_str(&format!("{id:<28}{kind:<11}{word:<9}{}{took}\n", trial.detail));
        }
        text
    }
}
