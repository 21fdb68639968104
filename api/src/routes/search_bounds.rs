//! What can be said of how to search: alike in a search, in an evaluation and of a knowledge base.
use crate::extract::Fields;
use jobs::kinds::{FusionMethod, SearchMode};

pub(super) const MODES: [(&str, SearchMode); 3] = [
    ("hybrid", SearchMode::Hybrid),
    ("keyword", SearchMode::Keyword),
    ("vector", SearchMode::Vector),
];

pub(super) fn mode(fields: &mut Fields) -> Option<SearchMode> {
    fields.optional_choice("mode", &MODES)
}

pub(super) fn fusion(fields: &mut Fields) -> Option<FusionMethod> {
    fields.optional_choice("fusion", &FusionMethod::ALL)
}

pub(super) fn alpha(fields: &mut Fields) -> Option<f32> {
    number(fields, "alpha", 1.0)
}

pub(super) fn title_boost(fields: &mut Fields) -> Option<f32> {
    number(fields, "title_boost", 10.0)
}

pub(super) fn heading_boost(fields: &mut Fields) -> Option<f32> {
    number(fields, "heading_boost", 10.0)
}

pub(super) fn min_similarity(fields: &mut Fields) -> Option<f32> {
    number(fields, "min_similarity", 1.0)
}

pub(super) fn candidates(fields: &mut Fields) -> Option<u16> {
    count(fields, "candidates", 10, 1000)
}

pub(super) fn reranker(fields: &mut Fields) -> Option<String> {
    fields.optional_text("reranker", 1..=200)
}

pub(super) fn rerank_candidates(fields: &mut Fields) -> Option<u16> {
    count(fields, "rerank_candidates", 1, 200)
}

/// Notes what has no meaning beside what else is said.
pub(super) fn check_alpha(fields: &mut Fields, fusion: Option<FusionMethod>, alpha: Option<f32>) {
    if alpha.is_some() && fusion == Some(FusionMethod::Rrf) {
        fields.error("alpha", "conflict", "has no meaning with the fusion rrf");
    }
}

/// Likewise.
pub(super) fn check_min_similarity(fields: &mut Fields, mode: Option<SearchMode>, least: Option<f32>) {
    if least.is_some() && mode == Some(SearchMode::Keyword) {
        fields.error("min_similarity", "conflict", "has no meaning in keyword mode");
    }
}

/// Likewise.
pub(super) fn check_reranker_wanted(fields: &mut Fields, rerank: Option<bool>, reranker: Option<&String>) {
    if rerank == Some(false) && reranker.is_some() {
        fields.error("reranker", "conflict", "has no meaning where `rerank` is false");
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "between 0 and 10; single precision is plenty"
)]
fn number(fields: &mut Fields, name: &str, most: f64) -> Option<f32> {
    fields.optional_number(name, 0.0..=most).map(|number| number as f32)
}

fn count(fields: &mut Fields, name: &str, least: i64, most: i64) -> Option<u16> {
    let count = fields.optional_integer(name, least..=most)?;
    u16::try_from(count).ok()
}
