use serde::Serialize;

use super::features::Features;

/// What the sources say about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The sources state it.
    Supported,
    /// The sources do not state it.
    Unsupported,
    /// The sources speak of the same thing and say otherwise.
    Contradicted,
}

/// Why a claim lost support; an outsider can check each against the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The evidence gives another number for the same thing.
    NumberMismatch,
    /// A number of the claim stands nowhere in the evidence.
    NumberMissing,
    /// A number of the claim stands in the evidence with another unit or thing.
    OtherUnit,
    /// A name, address or identifier stands nowhere in the sources.
    NameMismatch,
    /// One side denies what the other states.
    NegationMismatch,
    /// The claim has the opposite of a word of the evidence.
    Antonym,
    /// All, some, only, at least, at most, must or may do not agree.
    QuantifierMismatch,
    /// Who does what to whom is turned round.
    RoleSwap,
    /// Too few of the claim's words stand in any one place of the sources.
    LowOverlap,
    /// No source shares a content word with the claim.
    NoEvidence,
}

/// A passage of one or two sentences that speaks of a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Index into the sources given to [`crate::check`].
    pub source: usize,
    /// The sentences as they stand in the source, white space collapsed.
    pub quote: String,
    /// How much of the claim it covers, 0..=1.
    pub score: f32,
}

/// One claim of the response and what the sources say about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckedClaim {
    /// The sentence, or the clause of a sentence that joins several facts.
    pub text: String,
    /// Which sentence of the response it comes from, counted from 0.
    pub sentence: usize,
    pub verdict: Verdict,
    /// Support, 0..=1; 0.5 and more with no reason that forbids it is supported.
    pub score: f32,
    /// Best first, at most three.
    pub evidence: Vec<Evidence>,
    /// Empty when supported without reserve.
    pub reasons: Vec<Reason>,
    /// What the score was computed from.
    pub features: Features,
}

/// The result of checking a response.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// The lowest claim score; 1 when the response claims nothing.
    pub score: f32,
    pub claims: Vec<CheckedClaim>,
    /// Text was left unread because a limit was reached: [`crate::MAX_CLAIMS`], [`crate::MAX_SOURCE_SENTENCES`] or
    /// [`crate::MAX_TEXT_BYTES`]. A truncated report must not be read as approval of the whole response.
    pub truncated: bool,
}
