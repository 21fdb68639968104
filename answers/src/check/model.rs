use super::features::Features;
use super::report::{Reason, Verdict};

/// Weights of a logistic regression in the order of [`super::FEATURE_NAMES`], fitted by `examples/grounding -- fit` on the dev
/// halves of fever-symmetric and fool-me-twice, on true claims beside sources they do not belong to, and on altered copies of
/// sentences of those sets. Signs were fixed beforehand; a weight of 0 means the fit gave the feature none.
const WEIGHTS: [f32; 9] = [0.66, 0.69, 0.66, -0.84, 0.00, -1.60, -1.37, -1.08, -1.83];
const INTERCEPT: f32 = -0.56;

/// Score from which a claim is supported.
const SUPPORTED: f32 = 0.5;
/// What is left of a score when a disagreement forbids support: always below [`SUPPORTED`], and the order among claims stays.
const FORBIDDEN_SCALE: f32 = 0.5;
const CONTRADICTED_SCALE: f32 = 0.2;
/// A disagreement counts as contradiction when at least this much of the claim stands in the evidence.
const SAME_SUBJECT: f32 = 0.5;
/// A claim with less coverage than this is told "low overlap".
const LOW_OVERLAP: f32 = 0.6;

/// The score of a claim, 0..=1.
pub(super) fn score(features: &Features) -> f32 {
    if features.verbatim > 0.0 {
        return 1.0;
    }
    let features = with_cosine(features);
    let sum: f32 = features
        .weighed()
        .iter()
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum();
    1.0 / (1.0 + (-(INTERCEPT + sum)).exp())
}

/// A near vector stands in for words that differ: a cosine of .5 counts as no coverage, .95 as full.
/// The two numbers were set by hand, not fitted.
fn with_cosine(features: &Features) -> Features {
    let implied = ((features.cosine - 0.5) / 0.45).clamp(0.0, 1.0);
    Features {
        coverage: features.coverage.max(implied),
        coverage_wide: features.coverage_wide.max(implied),
        ..*features
    }
}

/// Verdict and reasons from features and score. Number, negation, name and role disagreements forbid support whatever the
/// score is.
pub(super) fn judge(features: &Features, score: f32) -> (Verdict, f32, Vec<Reason>) {
    if features.verbatim > 0.0 {
        return (Verdict::Supported, score, Vec::new());
    }
    let reasons = reasons(features);
    let contradicts = |reason: &Reason| {
        matches!(
            reason,
            Reason::NumberMismatch
                | Reason::NegationMismatch
                | Reason::Antonym
                | Reason::QuantifierMismatch
                | Reason::RoleSwap
        )
    };
    let same_subject = features.coverage >= SAME_SUBJECT;
    if same_subject && reasons.iter().any(contradicts) {
        return (Verdict::Contradicted, CONTRADICTED_SCALE * score, reasons);
    }
    let forbids = |reason: &Reason| contradicts(reason) || !matches!(reason, Reason::LowOverlap);
    if reasons.iter().any(forbids) {
        return (Verdict::Unsupported, FORBIDDEN_SCALE * score, reasons);
    }
    if score < SUPPORTED {
        return (Verdict::Unsupported, score, reasons);
    }
    (Verdict::Supported, score, reasons)
}

fn reasons(features: &Features) -> Vec<Reason> {
    let found = [
        (features.coverage <= 0.0 && features.cosine < 0.5, Reason::NoEvidence),
        (features.number_conflict > 0.0, Reason::NumberMismatch),
        (
            features.other_unit > 0.0 && features.number_missing > 0.0,
            Reason::OtherUnit,
        ),
        (
            features.other_unit <= 0.0 && features.number_missing > 0.0,
            Reason::NumberMissing,
        ),
        (features.name_head_missing > 0.0, Reason::NameMismatch),
        (features.negation >= 0.6, Reason::NegationMismatch),
        (features.antonym > 0.0, Reason::Antonym),
        (features.quantifier >= 0.7, Reason::QuantifierMismatch),
        (features.role_swap > 0.0, Reason::RoleSwap),
        (
            features.coverage < LOW_OVERLAP && with_cosine(features).coverage < LOW_OVERLAP,
            Reason::LowOverlap,
        ),
    ];
    found
        .into_iter()
        .filter_map(|(holds, reason)| holds.then_some(reason))
        .collect()
}
