use crate::extract::{Fields, FromFields};
use crate::routes::knowledge_bases::read_vector_store;
use crate::routes::recency::Recency;
use crate::routes::reranker_choice::RerankWish;
use crate::routes::search_bounds;
use config::Settings;
use jobs::kinds::{FusionMethod, RANKING, SearchConfiguration, SearchMode};
use jobs::{AskedSettings, FieldError};
use retrieval::{USUAL_HEADING_BOOST, USUAL_TITLE_BOOST};
use store::VectorStore;
use store::knowledge_bases::{KnowledgeBase, OtherIndex};
use utoipa::ToSchema;

/// How to search, as in a search; what is absent is as the knowledge base, or else the installation, says when the evaluation is submitted.
#[derive(Debug, Default, ToSchema)]
pub(crate) struct AskedConfiguration {
    /// The base's, or while it is migrated the one that it is migrated to or from.
    #[schema(min_length = 1, max_length = 200)]
    embedding_model: Option<String>,
    /// Where the vectors of the index are: the base's place, or while it is moved the other one.
    #[schema(value_type = Option<String>, example = "qdrant")]
    vector_store: Option<VectorStore>,
    mode: Option<SearchMode>,
    fusion: Option<FusionMethod>,
    /// The vector leg's share of a weighted score; not with `rrf`.
    #[schema(minimum = 0, maximum = 1)]
    alpha: Option<f32>,
    #[schema(minimum = 0, maximum = 10)]
    title_boost: Option<f32>,
    /// What a match in the headings above a chunk adds to it.
    #[schema(minimum = 0, maximum = 10)]
    heading_boost: Option<f32>,
    /// What is found must be so like the query at least; not in keyword mode.
    #[schema(minimum = 0, maximum = 1)]
    min_similarity: Option<f32>,
    /// How many chunks each leg proposes.
    #[schema(minimum = 10, maximum = 1000)]
    candidates: Option<u16>,
    rerank: Option<bool>,
    /// An available reranker of `GET /v1/models`.
    #[schema(min_length = 1, max_length = 200)]
    reranker: Option<String>,
    /// How many of the best the reranker is given.
    #[schema(minimum = 1, maximum = 200)]
    rerank_candidates: Option<u16>,
    tolerate_typos: Option<bool>,
    recency: Option<Recency>,
}

impl FromFields for AskedConfiguration {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let read = Self {
            embedding_model: fields.optional_text("embedding_model", 1..=200),
            vector_store: read_vector_store(fields),
            mode: search_bounds::mode(fields),
            fusion: search_bounds::fusion(fields),
            alpha: search_bounds::alpha(fields),
            title_boost: search_bounds::title_boost(fields),
            heading_boost: search_bounds::heading_boost(fields),
            min_similarity: search_bounds::min_similarity(fields),
            candidates: search_bounds::candidates(fields),
            rerank: fields.optional_bool("rerank"),
            reranker: search_bounds::reranker(fields),
            rerank_candidates: search_bounds::rerank_candidates(fields),
            tolerate_typos: fields.optional_bool("tolerate_typos"),
            recency: Recency::read(fields),
        };
        search_bounds::check_alpha(fields, read.fusion, read.alpha);
        search_bounds::check_min_similarity(fields, read.mode, read.min_similarity);
        search_bounds::check_reranker_wanted(fields, read.rerank, read.reranker.as_ref());
        Some(read)
    }
}

impl AskedConfiguration {
    /// Model and place of the index that is asked for: the base's, if it fits, or else the one beside it.
    fn index(&self, of: &KnowledgeBase, other: Option<&OtherIndex>) -> Result<(String, VectorStore), FieldError> {
        let beside = other.filter(|other| other.generation.is_some());
        let beside = beside.map(|other| (&other.embedding_model, other.vector_store));
        let mut indexes = std::iter::once((&of.embedding_model, of.vector_store)).chain(beside);
        let is_asked = |(model, store): &(&String, VectorStore)| {
            self.embedding_model.as_ref().is_none_or(|asked| asked == *model)
                && self.vector_store.is_none_or(|asked| asked == *store)
        };
        if let Some((model, store)) = indexes.find(is_asked) {
            return Ok((model.clone(), store));
        }
        let (model, store) = (&of.embedding_model, of.vector_store.as_str());
        Err(match self.embedding_model {
            Some(_) => FieldError::new(
                "embedding_model",
                "unknown_model",
                format!(
                    "must be the model of the knowledge base, {model}, or of an embedding migration of it that is ready"
                ),
            ),
            None => FieldError::new(
                "vector_store",
                "unknown_index",
                format!(
                    "must be where the knowledge base has its vectors, {store}, or where an embedding migration that is ready has put them"
                ),
            ),
        })
    }

    /// With every field filled in.
    ///
    /// # Errors
    /// A reranker that is wanted and cannot be had; a model that the base has no index by.
    pub(crate) fn resolve(
        self,
        settings: &Settings,
        of: &KnowledgeBase,
        other: Option<&OtherIndex>,
    ) -> Result<SearchConfiguration, FieldError> {
        let base = &of.search;
        let (model, store) = self.index(of, other)?;
        let installation = &settings.retrieval;
        let asked = AskedSettings {
            fusion: self.fusion,
            alpha: self.alpha,
            title_boost: self.title_boost,
            heading_boost: self.heading_boost,
            min_similarity: self.min_similarity,
            candidates: self.candidates.map(usize::from),
            rerank_candidates: self.rerank_candidates.map(usize::from),
            candidates_at_least: None,
        };
        let fusion = asked.fusion(installation, base);
        let alpha = (fusion == FusionMethod::Weighted).then(|| asked.alpha(settings, of, &model));
        let wish = RerankWish {
            wanted: self.rerank,
            named: self.reranker,
        };
        let mode = self.mode.unwrap_or_default();
        Ok(SearchConfiguration {
            embedding_model: Some(model),
            vector_store: Some(store.as_str().to_owned()),
            mode,
            fusion,
            alpha,
            title_boost: asked.title_boost(base, USUAL_TITLE_BOOST),
            heading_boost: asked.heading_boost(base, USUAL_HEADING_BOOST),
            min_similarity: asked.min_similarity(base).filter(|_| mode != SearchMode::Keyword),
            candidates: asked.candidates(installation, base),
            reranker: wish.choose(settings, std::slice::from_ref(base))?,
            rerank_candidates: asked.rerank_candidates(installation, std::iter::once(base)),
            tolerate_typos: self.tolerate_typos.unwrap_or(true),
            recency: self.recency.map(Recency::into_kind),
            ranking: RANKING,
        })
    }
}
