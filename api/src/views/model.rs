use config::{EmbeddingModelSettings, EmbeddingProvider, RerankerSettings};
use serde::Serialize;
use utoipa::ToSchema;

/// A model that makes vectors of texts, or one that orders them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelObject {
    /// What a knowledge base, or its search settings, name it by.
    #[schema(example = "text-embedding-3-small")]
    pub(crate) id: String,
    /// `embedding` or `reranker`.
    pub(crate) kind: &'static str,
    /// Who computes: `local`, `openai`, `voyage`, `cohere`, `gemini` or `openai_compatible`. What is embedded or ordered goes
    /// there.
    pub(crate) provider: &'static str,
    /// Whether a knowledge base that names none has this one.
    pub(crate) default: bool,
    /// Numbers in a vector; null of a reranker.
    #[schema(required = true)]
    pub(crate) dimensions: Option<usize>,
    /// Tokens that it reads of one text; a reranker of query and passage together.
    pub(crate) max_tokens: usize,
    /// The most tokens of a chunk; null of a reranker.
    #[schema(required = true)]
    pub(crate) chunk_tokens: Option<usize>,
    /// Whether documents of a base with it may be pictures.
    pub(crate) reads_images: bool,
    /// US dollars for a million tokens, as the operator has it; 0 for a local one.
    pub(crate) price_per_million_tokens: f64,
    /// US dollars for a billion pixels of pictures.
    pub(crate) price_per_billion_pixels: f64,
    /// US dollars for a thousand searches, where a reranker is billed by those.
    pub(crate) price_per_thousand_searches: f64,
    /// Whether a knowledge base can be made with it, or its searches reranked.
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
            dimensions: Some(model.dimensions),
            max_tokens: model.max_tokens,
            chunk_tokens: Some(match model.provider {
                EmbeddingProvider::Local => model.max_tokens,
                _ => model.chunk_tokens.min(model.max_tokens),
            }),
            reads_images: model.reads_images,
            price_per_million_tokens: dollars(model.price_micros_per_million_tokens),
            price_per_billion_pixels: dollars(model.price_micros_per_billion_pixels),
            price_per_thousand_searches: 0.0,
            available: unavailable_reason.is_none(),
            unavailable_reason,
        }
    }

    pub(crate) fn of_reranker(
        id: &str,
        reranker: &RerankerSettings,
        default: bool,
        unavailable_reason: Option<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            kind: "reranker",
            provider: reranker.provider.as_str(),
            default,
            dimensions: None,
            max_tokens: reranker.max_tokens,
            chunk_tokens: None,
            reads_images: false,
            price_per_million_tokens: dollars(reranker.price_micros_per_million_tokens),
            price_per_billion_pixels: 0.0,
            price_per_thousand_searches: dollars(reranker.price_micros_per_thousand_searches),
            available: unavailable_reason.is_none(),
            unavailable_reason,
        }
    }
}

fn dollars(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}
