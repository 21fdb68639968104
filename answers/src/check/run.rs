use std::collections::HashSet;

use super::claims::{Claim, claims};
use super::evidence::{Window, candidates, windows};
use super::features::features;
use super::model::{judge, score};
use super::report::{CheckReport, CheckedClaim, Verdict};
use super::sources::SourceIndex;
use crate::text::{Word, words};
use crate::vectors::SentenceVectors;

/// Texts that [`texts_to_embed`] names at most.
const MAX_TEXTS: usize = 160;
/// Source sentences named for each claim.
const SENTENCES_A_CLAIM: usize = 4;

/// Checks a response sentence by sentence against its sources.
///
/// A claim is a sentence, or each clause of a sentence that joins two facts when the whole is not found as it stands. The
/// question, if given, only helps to choose between equally good evidence; it never counts as a source. Deterministic;
/// time is linear in the text within the limits named in [`CheckReport::truncated`].
pub fn check(response: &str, sources: &[&str], question: Option<&str>, vectors: &dyn SentenceVectors) -> CheckReport {
    let index = SourceIndex::new(sources);
    let hints = hint_stems(question);
    let (claims, cut) = claims(response);
    let checked: Vec<CheckedClaim> = claims
        .iter()
        .flat_map(|claim| check_claim(claim, &hints, &index, vectors))
        .collect();
    let score = checked.iter().map(|claim| claim.score).fold(1.0, f32::min);
    CheckReport {
        score,
        claims: checked,
        truncated: cut || index.truncated,
    }
}

/// The texts whose vectors make [`check`] better, each once: the claims, then the source sentences nearest by words.
pub fn texts_to_embed(response: &str, sources: &[&str]) -> Vec<String> {
    let index = SourceIndex::new(sources);
    let (claims, _) = claims(response);
    let none = HashSet::new();
    let mut texts: Vec<String> = claims
        .iter()
        .take(MAX_TEXTS / 2)
        .map(|claim| claim.text.clone())
        .collect();
    for claim in claims.iter().take(MAX_TEXTS / 2) {
        let near = candidates(&claim.words, &none, &index)
            .into_iter()
            .take(SENTENCES_A_CLAIM);
        texts.extend(
            near.filter_map(|at| index.sentences.get(at))
                .map(|sentence| sentence.text.clone()),
        );
    }
    // A short source may say it in other words altogether, so its sentences are named in any case.
    texts.extend(
        index
            .sentences
            .iter()
            .take(SENTENCES_A_CLAIM * 4)
            .map(|sentence| sentence.text.clone()),
    );
    let mut seen = HashSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts.truncate(MAX_TEXTS);
    texts
}

fn hint_stems(question: Option<&str>) -> HashSet<String> {
    let words = question.map(words).unwrap_or_default();
    words
        .into_iter()
        .filter(Word::is_content)
        .map(|word| word.stem)
        .collect()
}

fn check_claim(
    claim: &Claim,
    hints: &HashSet<String>,
    index: &SourceIndex,
    vectors: &dyn SentenceVectors,
) -> Vec<CheckedClaim> {
    let whole = judge_claim(claim, hints, index, vectors);
    if claim.clauses.is_empty() || whole.features.verbatim > 0.0 {
        return vec![whole];
    }
    let clauses: Vec<CheckedClaim> = claim
        .clauses
        .iter()
        .map(|clause| judge_claim(clause, hints, index, vectors))
        .collect();
    // Clauses that stand in different places of the sources may be supported apart; a sentence whose clauses all hold but
    // which fails as a whole because of what it joins stays whole.
    let worst = clauses.iter().map(|clause| clause.score).fold(1.0, f32::min);
    let agree =
        whole.verdict == Verdict::Supported && clauses.iter().all(|clause| clause.verdict == Verdict::Supported);
    if agree || (whole.verdict == Verdict::Contradicted && worst >= 0.5) {
        vec![whole]
    } else {
        clauses
    }
}

fn judge_claim(
    claim: &Claim,
    hints: &HashSet<String>,
    index: &SourceIndex,
    vectors: &dyn SentenceVectors,
) -> CheckedClaim {
    let windows = windows(&claim.words, &claim.text, hints, index, vectors);
    let features = features(&claim.words, &windows, index);
    let (verdict, score, reasons) = judge(&features, score(&features));
    CheckedClaim {
        text: claim.text.clone(),
        sentence: claim.sentence,
        verdict,
        score,
        evidence: windows.iter().map(Window::to_evidence).collect(),
        reasons,
        features,
    }
}
