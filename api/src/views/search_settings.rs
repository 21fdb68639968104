use serde::Serialize;
use store::search_settings::SearchSettings;
use utoipa::ToSchema;

/// How a knowledge base is searched. Null is what the installation's settings say; a search may say otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchSettings)]
pub(crate) struct SearchSettingsObject {
    /// How a hybrid search makes one score of two: `weighted` or `rrf`.
    #[schema(required = true)]
    fusion: Option<String>,
    /// The vector leg's share of a weighted score, 0 to 1.
    #[schema(required = true)]
    alpha: Option<f32>,
    /// What a match in the title adds to the keyword score, 0 to 10.
    #[schema(required = true)]
    title_boost: Option<f32>,
    /// What a match in the headings above a chunk adds to it, 0 to 10.
    #[schema(required = true)]
    heading_boost: Option<f32>,
    /// How like the query what is found must be at least, 0 to 1; null leaves nothing out.
    #[schema(required = true)]
    min_similarity: Option<f32>,
    /// How many chunks each leg proposes, 10 to 1000.
    #[schema(required = true)]
    candidates: Option<i32>,
    /// What orders the best of what is found; `none`: nothing, whatever the installation has.
    #[schema(required = true)]
    reranker: Option<String>,
    /// Whether searches and answers that do not say are reranked.
    #[schema(required = true)]
    rerank: Option<bool>,
    /// How many of the best are given to the reranker, 1 to 200.
    #[schema(required = true)]
    rerank_candidates: Option<i32>,
}

impl From<SearchSettings> for SearchSettingsObject {
    fn from(settings: SearchSettings) -> Self {
        Self {
            fusion: settings.fusion,
            alpha: settings.alpha,
            title_boost: settings.title_boost,
            heading_boost: settings.heading_boost,
            min_similarity: settings.min_similarity,
            candidates: settings.candidates,
            reranker: settings.reranker,
            rerank: settings.rerank,
            rerank_candidates: settings.rerank_candidates,
        }
    }
}
