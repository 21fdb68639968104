use config::{EmbeddingModelSettings, EmbeddingProvider};
use serde::Serialize;
use utoipa::ToSchema;

/// A model that makes vectors of texts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelObject {
    /// What a knowledge base names it by.
    #[schema(example = "text-embedding-3-small")]
    pub(crate) id: String,
    /// `embedding`, so far.
    pub(crate) kind: &'static str,
    /// Who computes: `local`, `openai`, `voyage`, `cohere`, `gemini` or `openai_compatible`. What is embedded goes there.
    pub(crate) provider: &'static str,
    /// Whether a knowledge base that names no model gets this one.
    pub(crate) default: bool,
    /// Numbers in a vector.
    pub(crate) dimensions: usize,
    /// Tokens that it reads of one text.
    pub(crate) max_tokens: usize,
    /// The most tokens of a chunk.
    pub(crate) chunk_tokens: usize,
    /// US dollars for a million tokens, as the operator has it; 0 for a local one.
    pub(crate) price_per_million_tokens: f64,
    /// Whether a knowledge base can be made with it.
    pub(crate) available: bool,
    /// Why not.
    #[schema(required = true)]
    pub(crate) unavailable_reason: Option<String>,
}

impl ModelObject {
    pub(crate) fn of(
        id: &str,
        model: &EmbeddingModelSettings,
        default: bool,
        unavailable_reason: Option<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            kind: "embedding",
            provider: model.provider.as_str(),
            default,
            dimensions: model.dimensions,
            max_tokens: model.max_tokens,
            chunk_tokens: match model.provider {
                EmbeddingProvider::Local => model.max_tokens,
                _ => model.chunk_tokens.min(model.max_tokens),
            },
            price_per_million_tokens: model.price_micros_per_million_tokens as f64 / 1_000_000.0,
            available: unavailable_reason.is_none(),
            unavailable_reason,
        }
    }
}
