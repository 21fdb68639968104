use crate::extract::{Fields, FromFields};
use crate::routes::knowledge_bases::read_vector_store;
use crate::routes::recency::Recency;
use crate::routes::reranker_choice::RerankWish;
use config::Settings;
use jobs::FieldError;
use jobs::kinds::{FusionMethod, SearchConfiguration, SearchMode};
use retrieval::{USUAL_HEADING_BOOST, USUAL_TITLE_BOOST};
use store::VectorStore;
use store::knowledge_bases::{KnowledgeBase, OtherIndex};
use utoipa::ToSchema;

const MODES: [(&str, SearchMode); 3] = [
    ("hybrid", SearchMode::Hybrid),
    ("keyword", SearchMode::Keyword),
    ("vector", SearchMode::Vector),
];
const FUSIONS: [(&str, FusionMethod); 2] = [("weighted", FusionMethod::Weighted), ("rrf", FusionMethod::Rrf)];

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
    alpha: Option<f64>,
    #[schema(minimum = 0, maximum = 10)]
    title_boost: Option<f64>,
    /// What a match in the headings above a chunk adds to it.
    #[schema(minimum = 0, maximum = 10)]
    heading_boost: Option<f64>,
    /// How many chunks each leg proposes.
    #[schema(minimum = 10, maximum = 1000)]
    candidates: Option<i64>,
    rerank: Option<bool>,
    /// An available reranker of `GET /v1/models`.
    #[schema(min_length = 1, max_length = 200)]
    reranker: Option<String>,
    /// How many of the best the reranker is given.
    #[schema(minimum = 1, maximum = 200)]
    rerank_candidates: Option<i64>,
    tolerate_typos: Option<bool>,
    recency: Option<Recency>,
}

impl FromFields for AskedConfiguration {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let read = Self {
            embedding_model: fields.optional_text("embedding_model", 1..=200),
            vector_store: read_vector_store(fields),
            mode: fields.optional_choice("mode", &MODES),
            fusion: fields.optional_choice("fusion", &FUSIONS),
            alpha: fields.optional_number("alpha", 0.0..=1.0),
            title_boost: fields.optional_number("title_boost", 0.0..=10.0),
            heading_boost: fields.optional_number("heading_boost", 0.0..=10.0),
            candidates: fields.optional_integer("candidates", 10..=1000),
            rerank: fields.optional_bool("rerank"),
            reranker: fields.optional_text("reranker", 1..=200),
            rerank_candidates: fields.optional_integer("rerank_candidates", 1..=200),
            tolerate_typos: fields.optional_bool("tolerate_typos"),
            recency: Recency::read(fields),
        };
        if read.alpha.is_some() && read.fusion == Some(FusionMethod::Rrf) {
            fields.error("alpha", "conflict", "has no meaning with the fusion rrf");
        }
        if read.rerank == Some(false) && read.reranker.is_some() {
            fields.error("reranker", "conflict", "has no meaning where none is wanted");
        }
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
        let of_base = match base.fusion.as_deref() {
            Some("weighted") => Some(FusionMethod::Weighted),
            Some("rrf") => Some(FusionMethod::Rrf),
            _ => None,
        };
        let configured = match installation.fusion {
            config::FusionMethod::Weighted => FusionMethod::Weighted,
            config::FusionMethod::Rrf => FusionMethod::Rrf,
        };
        // A search that says only `alpha` is a weighted one.
        let asked = self.fusion.or(self.alpha.map(|_| FusionMethod::Weighted));
        let fusion = asked.or(of_base).unwrap_or(configured);
        let alpha = single(self.alpha)
            .or(base.alpha)
            .unwrap_or_else(|| settings.alpha(&of.language, &model));
        let wish = RerankWish {
            wanted: self.rerank,
            named: self.reranker,
        };
        let count = |asked: Option<i64>, base: Option<i32>, installation: usize| {
            let said = asked.or(base.map(i64::from));
            said.and_then(|count| usize::try_from(count).ok())
                .unwrap_or(installation)
        };
        Ok(SearchConfiguration {
            embedding_model: Some(model),
            vector_store: Some(store.as_str().to_owned()),
            mode: self.mode.unwrap_or_default(),
            fusion,
            alpha: (fusion == FusionMethod::Weighted).then_some(alpha),
            title_boost: single(self.title_boost)
                .or(base.title_boost)
                .unwrap_or(USUAL_TITLE_BOOST),
            heading_boost: single(self.heading_boost)
                .or(base.heading_boost)
                .unwrap_or(USUAL_HEADING_BOOST),
            candidates: count(self.candidates, base.candidates, installation.candidates),
            reranker: wish.choose(settings, std::slice::from_ref(base))?,
            rerank_candidates: count(
                self.rerank_candidates,
                base.rerank_candidates,
                installation.rerank_candidates,
            ),
            tolerate_typos: self.tolerate_typos.unwrap_or(true),
            recency: self.recency.map(Recency::into_kind),
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "between 0 and 10; single precision is plenty"
)]
fn single(number: Option<f64>) -> Option<f32> {
    number.map(|number| number as f32)
}
