//! `POST /embeddings` and `POST /multimodalembeddings` of Voyage AI (voyage-ai/openapi of 2025-03-31).
//!
//! At most 128 texts and 120,000 tokens a call of the first, 1,000 inputs and 320,000 tokens of the second. The multimodal model takes a list of
//! pieces for each input: a text, a picture, or a picture behind its words.

use super::images::ImageLimits;
use super::model::RemoteModel;
use super::vendor::VendorRequest;
use crate::embedding::{EmbeddingImage, EmbeddingInput, EmbeddingPurpose};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What the names of its multimodal models begin with: they have a path of their own.
const MULTIMODAL: &str = "voyage-multimodal";

/// The limits are those of its description (`inputs`), what is billed stands on its page of prices (docs.voyageai.com/docs/pricing).
pub(super) const IMAGES: ImageLimits = ImageLimits {
    pixels: 16_000_000,
    bytes: 20_000_000,
    pixels_a_token: 560,
    billed_least: 50_000,
    billed_most: 2_000_000,
};

pub(super) fn reads_images(model: &RemoteModel) -> bool {
    model.vendor_model.starts_with(MULTIMODAL)
}

pub(super) fn request(model: &RemoteModel, inputs: &[EmbeddingInput], purpose: EmbeddingPurpose) -> VendorRequest {
    let input_type = match purpose {
        EmbeddingPurpose::Document | EmbeddingPurpose::CutForAnother => "document",
        EmbeddingPurpose::Query => "query",
    };
    // A chunk of the model's own that is too long is refused instead of being cut in silence, and a picture instead of being left out.
    let truncation = purpose.may_be_cut() && inputs.iter().all(|input| input.image.is_none());
    let mut body = json!({ "model": model.vendor_model, "input_type": input_type, "truncation": truncation });
    let (path, field, inputs): (&str, &str, Vec<Value>) = if reads_images(model) {
        let inputs = inputs.iter().map(|input| json!({ "content": pieces(input) }));
        ("/multimodalembeddings", "inputs", inputs.collect())
    } else {
        let texts = inputs.iter().map(|input| json!(input.text));
        ("/embeddings", "input", texts.collect())
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

fn pieces(input: &EmbeddingInput) -> Vec<Value> {
    let text = (!input.text.is_empty()).then(|| json!({ "type": "text", "text": input.text }));
    let image = input
        .image
        .as_ref()
        .map(|image| json!({ "type": "image_base64", "image_base64": data_url(image) }));
    text.into_iter().chain(image).collect()
}

/// RFC 2397.
fn data_url(image: &EmbeddingImage) -> String {
    let mut url = format!("data:{};base64,", image.media_type);
    STANDARD.encode_string(image.bytes.as_slice(), &mut url);
    url
}
