use super::model::{RemoteRerankerModel, RerankUsage, RerankVendor};
use super::{cohere, voyage};
use crate::IntegrationError;
use crate::http::GuardedResponse;
use serde_json::Value;

/// What a vendor answered, as it said it: nothing is checked yet.
pub(super) struct VendorScores {
    /// Each score with the place of its passage.
    pub(super) scores: Vec<(usize, f32)>,
    /// What it bills.
    pub(super) usage: Option<RerankUsage>,
}

impl RerankVendor {
    /// The body of `POST /rerank`.
    pub(super) fn request(self, model: &RemoteRerankerModel, query: &str, passages: &[&str]) -> Value {
        match self {
            Self::Cohere => cohere::request(model, query, passages),
            Self::Voyage => voyage::request(model, query, passages),
        }
    }

    pub(super) fn read(self, answer: &GuardedResponse) -> Result<VendorScores, IntegrationError> {
        match self {
            Self::Cohere => cohere::read(answer),
            Self::Voyage => voyage::read(answer),
        }
    }

    /// What is billed by for a call with these tokens: of the query, and of each passage.
    pub(super) fn usage(self, query: usize, passages: &[usize]) -> RerankUsage {
        match self {
            Self::Cohere => cohere::usage(query, passages),
            Self::Voyage => voyage::usage(query, passages),
        }
    }
}
