use crate::error::Problems;
use serde::Deserialize;

/// Who computes a reranker's scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RerankProvider {
    /// This machine: a cross-encoder from a folder in `models.dir`.
    Local,
    Cohere,
    Voyage,
}

impl RerankProvider {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cohere => "cohere",
            Self::Voyage => "voyage",
        }
    }

    /// The environment name of the key it cannot be called without.
    #[must_use]
    pub fn key_name(self) -> Option<&'static str> {
        match self {
            Self::Local => None,
            Self::Cohere => Some("COHERE_API_KEY"),
            Self::Voyage => Some("VOYAGE_API_KEY"),
        }
    }
}

/// One reranker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RerankerSettings {
    pub provider: RerankProvider,
    /// Whether knowledge bases and searches can name it.
    #[serde(default = "yes")]
    pub offered: bool,
    /// What its provider calls it; by default as it is called here.
    pub model: Option<String>,
    /// What it reads of query and passage together.
    pub max_tokens: usize,
    /// What it reads of the query. A local one is not told.
    #[serde(default = "default_query_tokens")]
    pub query_tokens: usize,
    /// The most passages of one call.
    #[serde(default = "default_batch_texts")]
    pub batch_texts: usize,
    /// The most tokens of one call: the query's, as often as there are passages, and the passages'.
    #[serde(default = "default_batch_tokens")]
    pub batch_tokens: usize,
    /// Millionths of a US dollar for a million tokens.
    #[serde(default)]
    pub price_micros_per_million_tokens: u64,
    /// Millionths of a US dollar for a thousand searches, where a provider bills those.
    #[serde(default)]
    pub price_micros_per_thousand_searches: u64,
    /// Of a local one: its folder in `models.dir`; by default its name.
    pub folder: Option<String>,
}

fn yes() -> bool {
    true
}

fn default_query_tokens() -> usize {
    1_000
}

fn default_batch_texts() -> usize {
    100
}

fn default_batch_tokens() -> usize {
    200_000
}

impl RerankerSettings {
    pub(crate) fn check(&self, name: &str, problems: &mut Problems) {
        let key = |field: &str| format!("models.rerankers.{name}.{field}");
        // `none` is what a base says that wants no reranker.
        let plain_name = (1..=200).contains(&name.len())
            && name != "none"
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-/".contains(&b));
        problems.check(
            plain_name,
            "models.rerankers",
            "has a name that is `none`, or not 1 to 200 letters, digits and . _ : - /",
        );
        problems.check(
            (16..=1_000_000).contains(&self.max_tokens),
            &key("max_tokens"),
            "must be 16 to 1000000",
        );
        let local = self.provider == RerankProvider::Local;
        problems.check(
            local || (8..=self.max_tokens / 2).contains(&self.query_tokens),
            &key("query_tokens"),
            "must be 8 to half of max_tokens",
        );
        problems.check(
            (1..=1_000).contains(&self.batch_texts),
            &key("batch_texts"),
            "must be 1 to 1000",
        );
        problems.check(
            local || self.batch_tokens >= self.max_tokens,
            &key("batch_tokens"),
            "must have room for one passage: max_tokens at least",
        );
        for (field, price) in [
            ("price_micros_per_million_tokens", self.price_micros_per_million_tokens),
            (
                "price_micros_per_thousand_searches",
                self.price_micros_per_thousand_searches,
            ),
        ] {
            problems.check(
                price <= 1_000_000_000,
                &key(field),
                "must be at most 1000000000, which is 1000 dollars",
            );
        }
        let folder = self.folder.as_deref().unwrap_or(name);
        let is_folder = !folder.is_empty() && !folder.contains(['/', '\\']) && !folder.starts_with('.');
        problems.check(
            is_folder || !local,
            &key("folder"),
            "must be the name of a folder in models.dir",
        );
    }
}
