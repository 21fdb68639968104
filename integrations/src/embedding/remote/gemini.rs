//! `models/{model}:batchEmbedContents` of Google's Gemini API, v1beta. At most 100 texts a call.
//!
//! Vectors shorter than the model's own are not of length one; all are made so.

use super::model::RemoteModel;
use super::vendor::{Billed, VendorAnswer, VendorRequest};
use crate::IntegrationError;
use crate::embedding::EmbeddingPurpose;
use crate::http::GuardedResponse;
use reqwest::StatusCode;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn request(model: &RemoteModel, texts: &[&str], purpose: EmbeddingPurpose) -> VendorRequest {
    let name = format!("models/{}", model.vendor_model);
    let task = match purpose {
        EmbeddingPurpose::Document | EmbeddingPurpose::CutForAnother => "RETRIEVAL_DOCUMENT",
        EmbeddingPurpose::Query => "RETRIEVAL_QUERY",
    };
    let one = |text: &&str| {
        let mut request = json!({ "model": name, "content": { "parts": [{ "text": text }] }, "taskType": task });
        if let (Some(dimensions), Some(fields)) = (model.asked_dimensions(), request.as_object_mut()) {
            fields.insert("outputDimensionality".to_owned(), dimensions.into());
        }
        request
    };
    let requests: Vec<Value> = texts.iter().map(one).collect();
    VendorRequest {
        path: format!("/{name}:batchEmbedContents"),
        body: json!({ "requests": requests }),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embeddings: Vec<Embedding>,
    usage_metadata: Option<UsageMetadata>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageMetadata {
    prompt_token_count: Option<u64>,
}

pub(super) fn read(answer: &GuardedResponse) -> Result<VendorAnswer, IntegrationError> {
    let answer: Answer = answer.json()?;
    let vectors = answer.embeddings.into_iter().map(|embedding| embedding.values);
    Ok(VendorAnswer {
        vectors: vectors.enumerate().collect(),
        billed: answer
            .usage_metadata
            .and_then(|usage| usage.prompt_token_count)
            .map(Billed::text),
    })
}

/// How long to wait stands in a `google.rpc.RetryInfo` among the details, and not in a header.
pub(super) fn translate_refusal(answer: &mut GuardedResponse) {
    let refused = matches!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if !refused || answer.headers.contains_key(RETRY_AFTER) {
        return;
    }
    let Ok(body) = answer.json::<Value>() else { return };
    let details = body.pointer("/error/details").and_then(Value::as_array);
    let delay = details.into_iter().flatten().find_map(|detail| {
        let delay = detail.get("retryDelay")?.as_str()?;
        delay.strip_suffix('s')?.parse::<f64>().ok()
    });
    if let Some(seconds) = delay.filter(|seconds| (0.0..=86_400.0).contains(seconds)) {
        let header = HeaderValue::from(seconds.ceil() as u64);
        answer.headers.insert(RETRY_AFTER, header);
    }
}
