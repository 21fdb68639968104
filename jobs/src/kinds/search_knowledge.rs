use super::Viewer;
use crate::kind::RetryPolicy;
use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use store::{ChunkId, ChunkImage, CollectionId, DocumentId, KnowledgeBaseId};
use utoipa::ToSchema;

/// A base as it stood when the request was accepted: the search waits, for a bounded time, until its replica has come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseAt {
    pub id: KnowledgeBaseId,
    pub seq: i64,
}

impl BaseAt {
    /// Each once, in their order.
    pub(super) fn ids(asked: &[Self]) -> Vec<KnowledgeBaseId> {
        let ids: BTreeSet<KnowledgeBaseId> = asked.iter().map(|at| at.id).collect();
        ids.into_iter().collect()
    }
}

/// Which legs a search uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchMode {
    /// Keywords and vectors, fused.
    #[default]
    Hybrid,
    Keyword,
    Vector,
}

/// How a hybrid search makes one score of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FusionMethod {
    /// `alpha` of the cosine, the rest of BM25 as a share of what it can come to.
    Weighted,
    /// Reciprocal rank fusion, k = 60.
    Rrf,
}

impl FusionMethod {
    /// By what each is called in requests and kept with bases.
    pub const ALL: [(&str, Self); 2] = [
        (Self::Weighted.as_str(), Self::Weighted),
        (Self::Rrf.as_str(), Self::Rrf),
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weighted => "weighted",
            Self::Rrf => "rrf",
        }
    }

    /// `None` for a name that none has.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find_map(|(of, method)| (of == name).then_some(method))
    }
}

/// Finds chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SearchKnowledge {
    pub knowledge_bases: Vec<BaseAt>,
    pub query: String,
    pub limit: usize,
    pub mode: SearchMode,
    /// Whether `reranker` names one.
    pub rerank: bool,
    /// Orders the best of what is found anew.
    #[serde(default)]
    pub reranker: Option<String>,
    /// How many of the best are given to the reranker; as the bases or the installation have it when absent.
    #[serde(default)]
    pub rerank_candidates: Option<usize>,
    /// How many chunks each leg proposes; as the base or the installation has it when absent.
    #[serde(default)]
    pub candidates: Option<usize>,
    pub filter: Option<Value>,
    /// Only documents in one of these; all when there is none.
    #[serde(default)]
    pub collections: Vec<CollectionId>,
    pub viewer: Viewer,
    pub explain: bool,
    /// The base's or the configured one when absent.
    #[serde(default)]
    pub fusion: Option<FusionMethod>,
    /// The vector leg's share of a weighted score, 0 to 1; the base's or the configured one when absent.
    pub alpha: Option<f32>,
    /// Words that must stand in a chunk exactly so, each with a letter or a digit.
    #[serde(default)]
    pub phrases: Vec<String>,
    /// Words that no asked base knows are looked for as each spells the nearest to them.
    #[serde(default = "yes")]
    pub tolerate_typos: bool,
    /// What a match in the title adds to the keyword score, 0 to 10; the base's or the usual when absent.
    #[serde(default)]
    pub title_boost: Option<f32>,
    #[serde(default)]
    pub heading_boost: Option<f32>,
    #[serde(default)]
    pub recency: Option<Recency>,
    /// Chunks whose cosine to the query is lower are not found.
    #[serde(default)]
    pub min_similarity: Option<f32>,
    /// Of chunks that say the same, only the best is a result of its own.
    #[serde(default)]
    pub collapse: bool,
    /// Chunks before and after each result that are shown with it.
    #[serde(default)]
    pub neighbours: u8,
    /// Each result is shown with its document's metadata.
    #[serde(default)]
    pub include_metadata: bool,
    /// Searches the index by this model: the base's, or while it is migrated the other. The base's when absent.
    #[serde(default)]
    pub embedding_model: Option<String>,
    /// The same for where its vectors are, `embedded` or `qdrant`.
    #[serde(default)]
    pub vector_store: Option<String>,
}

impl SearchKnowledge {
    /// How many results a client gets who does not say.
    pub const LIMIT: usize = 10;
    /// How many one may ask for.
    pub const LIMIT_MAX: usize = 100;
    /// How many chunks a leg proposes at most, over all the bases that are asked.
    pub const CANDIDATES_MAX: usize = 5000;
    /// How many chunks that were ranked a result tells of.
    pub const EXPLAINED_MAX: usize = 200;
}

fn yes() -> bool {
    true
}

/// Prefers newer documents: scores are multiplied by `1 - weight + weight * 2^(-age / half_life_days)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfiguredRecency)]
pub struct Recency {
    /// The member of a document's metadata that holds its date.
    pub field: String,
    pub half_life_days: f64,
    /// 0 to 1.
    pub weight: f32,
}

impl Kind for SearchKnowledge {
    const NAME: &'static str = "search_knowledge";
    const POOL: Pool = Pool::Retrieval;
    const RETRY: RetryPolicy = RetryPolicy::INTERACTIVE;

    fn knowledge_bases(&self) -> Vec<KnowledgeBaseId> {
        BaseAt::ids(&self.knowledge_bases)
    }
}

/// What a search found, as its job keeps it: which chunks and why, not their words. Those are read, as `viewer` may see them by then, when
/// somebody asks for the result: what was deleted or withdrawn since is in no stored result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundChunks {
    pub viewer: Viewer,
    pub results: Vec<FoundChunk>,
    pub reranker: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank_error: Option<RerankError>,
    pub stale: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phrases_partial: bool,
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<SearchCandidate>,
    /// How many chunks before and after each result are shown with it.
    #[serde(default)]
    pub neighbours: u8,
    /// Whether each result is shown with its document's metadata.
    #[serde(default)]
    pub include_metadata: bool,
}

/// A [`SearchHit`] without its words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FoundChunk {
    pub knowledge_base_id: KnowledgeBaseId,
    pub document_id: DocumentId,
    pub chunk_id: ChunkId,
    pub score: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// Pieces of the text, from and to, in bytes.
    pub highlights: Vec<(usize, usize)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<ChunkId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<SearchHitExplanation>,
}

/// What a search found, the best first. A chunk that was deleted, replaced or withdrawn from the viewer after the search is left out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    pub results: Vec<SearchHit>,
    /// Which reranker ordered the results; `none` when fusion alone did.
    pub reranker: String,
    /// Why the results are not reranked, although that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank_error: Option<RerankError>,
    /// Some change that was committed before the search was not yet in the index.
    pub stale: bool,
    /// True where so many chunks have all words of `phrases` that only 20,000 of them were looked at, of several bases each its share of these: more may hold them. Otherwise absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phrases_partial: bool,
    pub took_ms: u64,
    /// With `explain`: chunks that were ranked, the best 200, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<SearchCandidate>,
}

/// Why a reranker did not order what was found, which is then in the order of its fused scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RerankError {
    /// As of a job's error: `rate_limit`, `budget`, `integration`, `model_unavailable`, …
    pub code: String,
    pub message: String,
}

/// One chunk that was found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    #[schema(value_type = uuid::Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[schema(value_type = uuid::Uuid)]
    pub document_id: DocumentId,
    #[schema(value_type = uuid::Uuid)]
    pub chunk_id: ChunkId,
    pub title: String,
    /// The id that the document was submitted under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The address of the page that the document is, where it comes from a web source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the document was found to be.
    pub mime_type: String,
    /// The chunk's place in its document, from 0.
    pub ordinal: i32,
    /// With `include_metadata`: the document's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    pub headings: Vec<String>,
    /// Of a picture: its title.
    pub text: String,
    /// What the chunk is, where it is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<FoundImage>,
    /// What the results are ordered by: the reranker's where one ran, else the fused one.
    pub score: f32,
    /// Cosine of the query and the chunk by the base's model, -1 to 1, whichever leg found it; absent in keyword mode. Unlike `score` it does not depend on what else was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// Pieces of the text around what matched.
    pub highlights: Vec<String>,
    /// With `collapse`: chunks that say the same and rank lower.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub duplicates: Vec<ChunkId>,
    /// With `neighbours`: the chunks just before it in its document, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<NeighbourChunk>,
    /// With `neighbours`: the chunks just after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<NeighbourChunk>,
    /// With `explain`: what each leg made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<SearchHitExplanation>,
}

/// A picture that was found: by its title or by what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Image)]
pub struct FoundImage {
    #[schema(example = "image/png")]
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl From<ChunkImage> for FoundImage {
    fn from(image: ChunkImage) -> Self {
        Self {
            media_type: image.media_type,
            width: image.width,
            height: image.height,
        }
    }
}

/// A chunk that stands beside one that was found. Pieces of one long paragraph share some words.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NeighbourChunk {
    #[schema(value_type = uuid::Uuid)]
    pub chunk_id: ChunkId,
    pub headings: Vec<String>,
    pub text: String,
}

/// How a hit came by its score. Scores are given for both legs, whichever leg found it; ranks only where a leg did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchHitExplanation {
    /// BM25, 0 when no term matches; absent in vector mode.
    pub keyword_score: Option<f32>,
    /// The keyword score as a share of what the query's words can come to, 0 to about 1: what is weighed beside the vector score. Only where the two are weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword_share: Option<f32>,
    /// From 1.
    pub keyword_rank: Option<u32>,
    /// Cosine of query and chunk; absent in keyword mode.
    pub vector_score: Option<f32>,
    /// From 1.
    pub vector_rank: Option<u32>,
    /// What both legs come to, and what the results are ordered by where no reranker ran.
    pub score: f32,
    /// What the reranker made of query and chunk, recency included; only of the chunks that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank_score: Option<f32>,
}

/// One chunk that was ranked, whether it is among the results or not.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchCandidate {
    #[schema(value_type = uuid::Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[schema(value_type = uuid::Uuid)]
    pub document_id: DocumentId,
    #[schema(value_type = uuid::Uuid)]
    pub chunk_id: ChunkId,
    #[serde(flatten)]
    pub scores: SearchHitExplanation,
}
