use super::model::{EmbeddingVendor, RemoteModel};
use super::{cohere, gemini, openai, voyage};
use crate::IntegrationError;
use crate::embedding::{EmbeddingInput, EmbeddingPurpose};
use crate::http::GuardedResponse;
use serde_json::Value;

/// One call, as the vendor wants it.
pub(super) struct VendorRequest {
    /// Comes behind the base URL.
    pub(super) path: String,
    pub(super) body: Value,
}

/// What a vendor answered, as it said it: nothing is checked yet.
pub(super) struct VendorAnswer {
    /// Each vector with the place of its input.
    pub(super) vectors: Vec<(usize, Vec<f32>)>,
    /// What it bills, if it said so.
    pub(super) billed: Option<Billed>,
}

/// What a vendor says that it bills for a call.
#[derive(Clone, Copy)]
pub(super) struct Billed {
    /// Of texts and pictures.
    pub(super) tokens: u64,
    pub(super) text_tokens: u64,
    pub(super) image_pixels: u64,
}

impl Billed {
    /// Of a call without pictures.
    pub(super) fn text(tokens: u64) -> Self {
        Self {
            tokens,
            text_tokens: tokens,
            image_pixels: 0,
        }
    }
}

impl EmbeddingVendor {
    pub(super) fn request(
        self,
        model: &RemoteModel,
        inputs: &[EmbeddingInput],
        purpose: EmbeddingPurpose,
    ) -> VendorRequest {
        // Only Voyage's models are said to read pictures: the others are given none.
        let texts = || -> Vec<&str> { inputs.iter().map(|input| input.text.as_str()).collect() };
        match self {
            Self::Openai => openai::request(model, &texts()),
            Self::Voyage => voyage::request(model, inputs, purpose),
            Self::Cohere => cohere::request(model, &texts(), purpose),
            Self::Gemini => gemini::request(model, &texts(), purpose),
        }
    }

    /// Whether it can be asked to cut a text that is too long.
    pub(super) fn cuts(self) -> bool {
        matches!(self, Self::Voyage | Self::Cohere)
    }

    /// The header that carries the key, and what stands before the key in it.
    pub(super) fn key_header(self) -> (&'static str, &'static str) {
        match self {
            Self::Gemini => ("x-goog-api-key", ""),
            Self::Openai | Self::Voyage | Self::Cohere => ("authorization", "Bearer "),
        }
    }

    /// Says in status and headers, which everybody reads, what this vendor says of a refusal in its body only.
    pub(super) fn translate_refusal(self, answer: &mut GuardedResponse) {
        match self {
            Self::Openai => openai::translate_refusal(answer),
            Self::Gemini => gemini::translate_refusal(answer),
            Self::Voyage | Self::Cohere => {}
        }
    }

    pub(super) fn read(self, answer: &GuardedResponse) -> Result<VendorAnswer, IntegrationError> {
        match self {
            Self::Openai | Self::Voyage => openai::read(answer),
            Self::Cohere => cohere::read(answer),
            Self::Gemini => gemini::read(answer),
        }
    }
}
