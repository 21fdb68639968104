//! How a knowledge base is searched.
use crate::schema::knowledge_bases;
use diesel::prelude::*;

/// What a base says of how it is searched; `None` is what the installation's settings say.
#[derive(Clone, Debug, Default, PartialEq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = knowledge_bases, treat_none_as_null = true)]
pub struct SearchSettings {
    /// `weighted` or `rrf`.
    #[diesel(column_name = search_fusion)]
    pub fusion: Option<String>,
    /// The vector leg's share of a weighted score, 0 to 1.
    #[diesel(column_name = search_alpha)]
    pub alpha: Option<f32>,
    /// What a match in the title adds to the keyword score, 0 to 10.
    #[diesel(column_name = search_title_boost)]
    pub title_boost: Option<f32>,
    /// What a match in the headings above a chunk adds to it, 0 to 10.
    #[diesel(column_name = search_heading_boost)]
    pub heading_boost: Option<f32>,
    /// How like the query what is found must be at least, 0 to 1.
    #[diesel(column_name = search_min_similarity)]
    pub min_similarity: Option<f32>,
    /// How many chunks each leg proposes, 10 to 1000.
    #[diesel(column_name = search_candidates)]
    pub candidates: Option<i32>,
    /// A reranker of the installation, or [`NO_RERANKER`].
    #[diesel(column_name = search_reranker)]
    pub reranker: Option<String>,
    /// Whether searches and answers that do not say are reranked.
    #[diesel(column_name = search_rerank)]
    pub rerank: Option<bool>,
    /// How many of the best chunks are given to the reranker, 1 to 200.
    #[diesel(column_name = search_rerank_candidates)]
    pub rerank_candidates: Option<i32>,
}

/// What a base says that is to have no reranker, whatever the installation has.
pub const NO_RERANKER: &str = "none";
