//! `POST /rerank` of Cohere, version 2. Documents are texts; at most 1,000 a call are advised. Its description may not be copied, so this is by
//! its public documentation.

use super::model::{RemoteRerankerModel, RerankUsage};
use super::vendor::VendorScores;
use crate::IntegrationError;
use crate::http::GuardedResponse;
use serde::Deserialize;
use serde_json::{Value, json};

/// A document that is longer than this, the query included, is billed as several (docs.cohere.com, "How does Cohere's pricing work").
const DOCUMENT_TOKENS: usize = 500;
/// Documents that one billed search has room for.
const SEARCH_DOCUMENTS: usize = 100;

pub(super) fn request(model: &RemoteRerankerModel, query: &str, passages: &[&str]) -> Value {
    json!({
        "model": model.vendor_model, "query": query, "documents": passages, "top_n": passages.len(), "max_tokens_per_doc": model.max_tokens,
    })
}

pub(super) fn usage(query: usize, passages: &[usize]) -> RerankUsage {
    let documents: usize = passages
        .iter()
        .map(|passage| (query + passage).div_ceil(DOCUMENT_TOKENS).max(1))
        .sum();
    let searches = documents.div_ceil(SEARCH_DOCUMENTS);
    RerankUsage {
        tokens: 0,
        searches: u64::try_from(searches).unwrap_or(u64::MAX),
    }
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Scored>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Scored {
    index: usize,
    relevance_score: f32,
}

#[derive(Deserialize)]
struct Meta {
    billed_units: Option<BilledUnits>,
}

#[derive(Deserialize)]
struct BilledUnits {
    /// A number that may have a point in it.
    search_units: Option<f64>,
}

pub(super) fn read(answer: &GuardedResponse) -> Result<VendorScores, IntegrationError> {
    let answer: Answer = answer.json()?;
    let billed = answer.meta.and_then(|meta| meta.billed_units?.search_units);
    Ok(VendorScores {
        scores: answer
            .results
            .into_iter()
            .map(|one| (one.index, one.relevance_score))
            .collect(),
        usage: billed.map(|searches| RerankUsage {
            tokens: 0,
            searches: searches.ceil() as u64,
        }),
    })
}
