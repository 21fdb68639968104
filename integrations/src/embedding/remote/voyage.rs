//! `POST /embeddings` and `POST /multimodalembeddings` of Voyage AI (voyage-ai/openapi of 2025-03-31).
//!
//! At most 128 texts and 120,000 tokens a call of the first, 1,000 and 320,000 of the second. The multimodal model takes a list of pieces for
//! each input: one text so far; an image would be one more piece of `content`.

use super::model::RemoteModel;
use super::vendor::VendorRequest;
use crate::embedding::EmbeddingPurpose;
use serde_json::{Value, json};

/// What the names of its multimodal models begin with: they have a path of their own.
const MULTIMODAL: &str = "voyage-multimodal";

pub(super) fn request(model: &RemoteModel, texts: &[String], purpose: EmbeddingPurpose) -> VendorRequest {
    let input_type = match purpose {
        EmbeddingPurpose::Document => "document",
        EmbeddingPurpose::Query => "query",
    };
    // Without truncation: a text that is too long is refused instead of being cut in silence.
    let mut body = json!({ "model": model.vendor_model, "input_type": input_type, "truncation": false });
    let (path, field, inputs): (&str, &str, Vec<Value>) = if model.vendor_model.starts_with(MULTIMODAL) {
        let inputs = texts
            .iter()
            .map(|text| json!({ "content": [{ "type": "text", "text": text }] }));
        ("/multimodalembeddings", "inputs", inputs.collect())
    } else {
        ("/embeddings", "input", texts.iter().map(|text| json!(text)).collect())
    };
    if let Some(fields) = body.as_object_mut() {
        fields.insert(field.to_owned(), inputs.into());
        if let Some(dimensions) = model.asked_dimensions() {
            fields.insert("output_dimension".to_owned(), dimensions.into());
        }
    }
    VendorRequest {
        path: path.to_owned(),
        body,
    }
}
