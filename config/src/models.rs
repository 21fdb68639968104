use crate::error::Problems;
use crate::{EmbeddingModelSettings, EmbeddingProvider, RerankProvider, RerankerSettings};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The embedding models and rerankers that this installation offers, the providers behind them, and the library that runs the local ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Holds one folder a local model.
    pub dir: PathBuf,
    /// `libonnxruntime.so`, version 1.24 or later.
    pub onnxruntime: PathBuf,
    /// The model of a knowledge base that names none; a key of `catalogue`.
    pub embedding: String,
    /// The local model that answers and checks compare sentences by; a key of `catalogue`.
    pub sentences: String,
    pub sessions: usize,
    pub openai: ProviderSettings,
    pub voyage: ProviderSettings,
    pub cohere: ProviderSettings,
    pub gemini: ProviderSettings,
    /// By the name that knowledge bases carry.
    pub catalogue: BTreeMap<String, EmbeddingModelSettings>,
    /// By the name that settings, searches and results carry.
    pub rerankers: BTreeMap<String, RerankerSettings>,
}

/// Where a provider is called, and by which key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    pub base_url: String,
    pub api_key: Option<SecretString>,
}

impl ModelSettings {
    /// What calls to a model of the catalogue need; `None` for a local one, and while its provider has no key.
    #[must_use]
    pub fn endpoint(&self, model: &EmbeddingModelSettings) -> Option<(String, Option<SecretString>)> {
        let provider = match model.provider {
            EmbeddingProvider::Local => return None,
            EmbeddingProvider::OpenaiCompatible => return Some((model.base_url.clone()?, model.api_key.clone())),
            EmbeddingProvider::Openai => &self.openai,
            EmbeddingProvider::Voyage => &self.voyage,
            EmbeddingProvider::Cohere => &self.cohere,
            EmbeddingProvider::Gemini => &self.gemini,
        };
        let key = provider.api_key.as_ref()?;
        Some((provider.base_url.clone(), Some(key.clone())))
    }

    /// What budgets call the credentials of this installation: its providers, whether or not it has their keys, and each endpoint of its own.
    #[must_use]
    pub fn credentials(&self) -> BTreeSet<String> {
        let providers = [
            EmbeddingProvider::Openai,
            EmbeddingProvider::Voyage,
            EmbeddingProvider::Cohere,
            EmbeddingProvider::Gemini,
        ];
        let endpoints = self.catalogue.iter().filter_map(|(name, model)| model.credential(name));
        endpoints
            .chain(providers.map(|provider| provider.as_str().to_owned()))
            .collect()
    }

    /// Why no knowledge base can be made with the model, if so: a sentence without its full stop.
    #[must_use]
    pub fn unavailable(&self, model: &EmbeddingModelSettings) -> Option<String> {
        if !model.offered {
            return Some("this installation does not offer it".to_owned());
        }
        let name = model.provider.key_name()?;
        self.endpoint(model)
            .is_none()
            .then(|| format!("this installation has no key for its provider ({name})"))
    }

    /// The models that can be used and read pictures, by name.
    pub fn available_image_readers(&self) -> impl Iterator<Item = &str> {
        self.catalogue
            .iter()
            .filter(|(_, model)| model.reads_images && self.unavailable(model).is_none())
            .map(|(name, _)| name.as_str())
    }

    /// What calls to a reranker need; `None` for a local one, and while its provider has no key.
    #[must_use]
    pub fn reranker_endpoint(&self, reranker: &RerankerSettings) -> Option<(String, SecretString)> {
        let provider = match reranker.provider {
            RerankProvider::Local => return None,
            RerankProvider::Cohere => &self.cohere,
            RerankProvider::Voyage => &self.voyage,
        };
        Some((provider.base_url.clone(), provider.api_key.clone()?))
    }

    /// Why nobody can use the reranker of this name, if so: a sentence without its full stop.
    #[must_use]
    pub fn reranker_unavailable(&self, name: &str) -> Option<String> {
        let Some(reranker) = self.rerankers.get(name).filter(|reranker| reranker.offered) else {
            return Some("this installation does not offer it".to_owned());
        };
        let key = reranker.provider.key_name()?;
        self.reranker_endpoint(reranker)
            .is_none()
            .then(|| format!("this installation has no key for its provider ({key})"))
    }

    /// The rerankers that can be used, by name.
    pub fn available_rerankers(&self) -> impl Iterator<Item = &str> {
        let names = self.rerankers.keys().map(String::as_str);
        names.filter(|name| self.reranker_unavailable(name).is_none())
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check((1..=64).contains(&self.sessions), "models.sessions", "must be 1 to 64");
        problems.check(
            self.catalogue.contains_key(&self.embedding),
            "models.embedding",
            "must name a model of models.catalogue",
        );
        let sentences = self.catalogue.get(&self.sentences);
        problems.check(
            sentences.is_some_and(|model| model.provider == EmbeddingProvider::Local),
            "models.sentences",
            "must name a local model of models.catalogue",
        );
        for (key, provider) in [
            ("models.openai.base_url", &self.openai),
            ("models.voyage.base_url", &self.voyage),
            ("models.cohere.base_url", &self.cohere),
            ("models.gemini.base_url", &self.gemini),
        ] {
            problems.check(is_http(&provider.base_url), key, "must begin with https:// or http://");
        }
        for (name, model) in &self.catalogue {
            model.check(name, problems);
        }
        for (name, reranker) in &self.rerankers {
            reranker.check(name, problems);
        }
    }
}

pub(crate) fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
