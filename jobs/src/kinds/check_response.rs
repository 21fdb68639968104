use super::Verdict;
use crate::kind::RetryPolicy;
use crate::{Kind, Pool};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Checks a text, claim by claim, against sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckResponse {
    pub response: String,
    pub sources: Vec<String>,
    pub question: Option<String>,
}

impl Kind for CheckResponse {
    const NAME: &'static str = "check_response";
    const POOL: Pool = Pool::Retrieval;
    const RETRY: RetryPolicy = RetryPolicy::INTERACTIVE;
}

/// What the check found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    /// The lowest claim score, 0 to 1.
    pub score: f32,
    pub claims: Vec<CheckedClaim>,
    /// The text or a source was longer than is checked; what lies beyond was not.
    pub truncated: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckedClaim {
    pub text: String,
    pub verdict: Verdict,
    /// 0 to 1.
    pub score: f32,
    pub evidence: Vec<ClaimEvidence>,
    /// Why it is not supported: `number_mismatch`, `negation_mismatch`, …
    pub reasons: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClaimEvidence {
    /// The source's place in the request, from 0.
    pub source: usize,
    /// The source's words.
    pub quote: String,
}
