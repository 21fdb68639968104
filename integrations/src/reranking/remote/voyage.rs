//! `POST /rerank` of Voyage AI (voyage-ai/openapi of 2025-03-31). At most 1,000 documents a call, and 600,000 tokens: the query's as often as there
//! are documents, and the documents'.

use super::model::{RemoteRerankerModel, RerankUsage};
use super::vendor::VendorScores;
use crate::IntegrationError;
use crate::http::GuardedResponse;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is too long is cut by the vendor as well: a passage is judged by its beginning rather than not at all.
pub(super) fn request(model: &RemoteRerankerModel, query: &str, passages: &[&str]) -> Value {
    json!({ "model": model.vendor_model, "query": query, "documents": passages, "truncation": true })
}

pub(super) fn usage(query: usize, passages: &[usize]) -> RerankUsage {
    let tokens = passages.iter().map(|passage| query + passage).sum::<usize>();
    RerankUsage {
        tokens: u64::try_from(tokens).unwrap_or(u64::MAX),
        searches: 0,
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Scored>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Scored {
    index: usize,
    relevance_score: f32,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<u64>,
}

pub(super) fn read(answer: &GuardedResponse) -> Result<VendorScores, IntegrationError> {
    let answer: Answer = answer.json()?;
    let billed = answer.usage.and_then(|usage| usage.total_tokens);
    Ok(VendorScores {
        scores: answer
            .data
            .into_iter()
            .map(|one| (one.index, one.relevance_score))
            .collect(),
        usage: billed.map(|tokens| RerankUsage { tokens, searches: 0 }),
    })
}
