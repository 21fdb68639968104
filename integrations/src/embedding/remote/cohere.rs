//! `POST /embed` of Cohere, version 2. At most 96 texts a call. Its description may not be copied, so this is by its public documentation.

use super::model::RemoteModel;
use super::vendor::{Billed, VendorAnswer, VendorRequest};
use crate::IntegrationError;
use crate::embedding::EmbeddingPurpose;
use crate::http::GuardedResponse;
use serde::Deserialize;
use serde_json::json;

pub(super) fn request(model: &RemoteModel, texts: &[&str], purpose: EmbeddingPurpose) -> VendorRequest {
    let input_type = match purpose {
        EmbeddingPurpose::Document | EmbeddingPurpose::CutForAnother => "search_document",
        EmbeddingPurpose::Query => "search_query",
    };
    // A chunk of the model's own that is too long is refused instead of being cut in silence.
    let truncate = if purpose.may_be_cut() { "END" } else { "NONE" };
    let mut body = json!({
        "model": model.vendor_model, "texts": texts, "input_type": input_type, "embedding_types": ["float"], "truncate": truncate,
    });
    if let (Some(dimensions), Some(fields)) = (model.asked_dimensions(), body.as_object_mut()) {
        fields.insert("output_dimension".to_owned(), dimensions.into());
    }
    VendorRequest {
        path: "/embed".to_owned(),
        body,
    }
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Embeddings,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Embeddings {
    float: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Meta {
    billed_units: Option<BilledUnits>,
}

#[derive(Deserialize)]
struct BilledUnits {
    /// A number that may have a point in it.
    input_tokens: Option<f64>,
}

pub(super) fn read(answer: &GuardedResponse) -> Result<VendorAnswer, IntegrationError> {
    let answer: Answer = answer.json()?;
    let billed = answer.meta.and_then(|meta| meta.billed_units?.input_tokens);
    Ok(VendorAnswer {
        vectors: answer.embeddings.float.into_iter().enumerate().collect(),
        billed: billed.map(|tokens| Billed::text(tokens.ceil() as u64)),
    })
}
