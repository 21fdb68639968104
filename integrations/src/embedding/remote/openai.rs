//! `POST /embeddings` of OpenAI (openai-openapi 2.3.0), which many others speak.
//!
//! At most 2,048 texts and 300,000 tokens a call; no empty text.

use super::model::RemoteModel;
use super::vendor::{Billed, VendorAnswer, VendorRequest};
use crate::IntegrationError;
use crate::http::GuardedResponse;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;

pub(super) fn request(model: &RemoteModel, texts: &[&str]) -> VendorRequest {
    let mut body = json!({ "model": model.vendor_model, "input": texts, "encoding_format": "float" });
    if let (Some(dimensions), Some(fields)) = (model.asked_dimensions(), body.as_object_mut()) {
        fields.insert("dimensions".to_owned(), dimensions.into());
    }
    VendorRequest {
        path: "/embeddings".to_owned(),
        body,
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    /// Some that speak this protocol leave it out and keep the order.
    index: Option<usize>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<u64>,
    /// Of Voyage's multimodal models.
    text_tokens: Option<u64>,
    image_pixels: Option<u64>,
}

/// Voyage answers in the same shape.
pub(super) fn read(answer: &GuardedResponse) -> Result<VendorAnswer, IntegrationError> {
    let answer: Answer = answer.json()?;
    let vectors = answer.data.into_iter().enumerate();
    Ok(VendorAnswer {
        vectors: vectors
            .map(|(place, item)| (item.index.unwrap_or(place), item.embedding))
            .collect(),
        billed: answer.usage.and_then(|usage| {
            let tokens = usage.total_tokens?;
            Some(Billed {
                tokens,
                text_tokens: usage.text_tokens.unwrap_or(tokens),
                image_pixels: usage.image_pixels.unwrap_or(0),
            })
        }),
    })
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalDetail,
}

#[derive(Deserialize)]
struct RefusalDetail {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
}

/// A 429 with `insufficient_quota` does not pass by waiting: somebody has to pay.
pub(super) fn translate_refusal(answer: &mut GuardedResponse) {
    if answer.status != StatusCode::TOO_MANY_REQUESTS {
        return;
    }
    let Ok(refusal) = answer.json::<Refusal>() else { return };
    let quota = Some("insufficient_quota");
    if refusal.error.code.as_deref() == quota || refusal.error.kind.as_deref() == quota {
        answer.status = StatusCode::PAYMENT_REQUIRED;
    }
}
