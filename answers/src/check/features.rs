use std::collections::HashSet;

use serde::Serialize;

use super::evidence::{Terms, Window};
use super::sources::{SourceIndex, SourceSentence};
use crate::facts::{
    KnownNames, compare_names, compare_numbers, has_antonym, negation_mismatch, quantifier_mismatch, quantities,
    roles_swapped,
};
use crate::text::{Word, content_stems};

/// What a claim's score is computed from. Every value lies in 0..=1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Features {
    /// Share of the claim's content words in the best window of one or two sentences, weighted by rarity.
    pub coverage: f32,
    /// The same over the three best windows together.
    pub coverage_wide: f32,
    /// 1 when every content word of the claim stands in the window.
    pub all_found: f32,
    /// Share of the claim's numbers for which the window gives another value.
    pub number_conflict: f32,
    /// Share of the claim's numbers that the windows do not give.
    pub number_missing: f32,
    /// Share of the claim's names that stand nowhere in the sources.
    pub name_missing: f32,
    /// Share of the claim's names that stand elsewhere in the sources only.
    pub name_far: f32,
    /// The last word of a name, or an identifier, stands nowhere in the sources.
    pub name_head_missing: f32,
    /// One side denies what the other states.
    pub negation: f32,
    /// An opposite word.
    pub antonym: f32,
    /// Quantifiers, limits or modal verbs disagree.
    pub quantifier: f32,
    /// Two words around a shared verb changed places.
    pub role_swap: f32,
    /// A number stands in the windows with another unit.
    pub other_unit: f32,
    /// Cosine of claim and window, negative as 0; 0 without vectors.
    pub cosine: f32,
    /// The claim is a whole sentence of a source, word for word.
    pub verbatim: f32,
}

/// Names of the features that the fitted model weighs, in the order of [`Features::weighed`].
pub const FEATURE_NAMES: [&str; 9] = [
    "coverage",
    "coverage_wide",
    "all_found",
    "number_conflict",
    "number_missing",
    "negation",
    "antonym",
    "quantifier",
    "role_swap",
];

impl Features {
    /// The values that the fitted model weighs, in the order of [`FEATURE_NAMES`].
    pub fn weighed(&self) -> [f32; 9] {
        [
            self.coverage,
            self.coverage_wide,
            self.all_found,
            self.number_conflict,
            self.number_missing,
            self.negation,
            self.antonym,
            self.quantifier,
            self.role_swap,
        ]
    }
}

/// Computes the features of a claim against its windows (best first).
pub(super) fn features(claim: &[Word], windows: &[Window<'_>], index: &SourceIndex) -> Features {
    let Some(best) = windows.first() else {
        return Features::default();
    };
    let evidence = best.words();
    let everything: Vec<&SourceSentence> = windows
        .iter()
        .flat_map(|window| window.sentences.iter().copied())
        .collect();
    let claim_stems: HashSet<&str> = content_stems(claim).into_iter().collect();
    let known = KnownNames {
        in_sources: &|word| index.has_word(word),
        capitalised: &index.capitalised,
    };
    let names = compare_names(claim, &evidence, &known);
    let given: Vec<_> = windows
        .iter()
        .flat_map(|window| &window.sentences)
        .flat_map(|sentence| sentence.quantities.iter().cloned())
        .collect();
    let numbers = compare_numbers(&quantities(claim), &claim_stems, &given);
    Features {
        coverage: best.coverage,
        coverage_wide: Terms::new(claim, index).coverage(&everything),
        all_found: flag(best.coverage >= 0.999),
        number_conflict: numbers.conflict,
        number_missing: numbers.missing,
        name_missing: names.missing,
        name_far: names.far,
        name_head_missing: flag(names.head_missing),
        negation: negation_mismatch(claim, &evidence),
        antonym: flag(has_antonym(claim, &evidence)),
        quantifier: quantifier_mismatch(claim, &evidence),
        role_swap: flag(
            best.sentences
                .iter()
                .any(|sentence| roles_swapped(claim, &sentence.words)),
        ),
        other_unit: flag(numbers.other_unit),
        cosine: best.cosine.unwrap_or(0.0).max(0.0),
        verbatim: flag(is_verbatim(claim, windows)),
    }
}

fn flag(set: bool) -> f32 {
    if set { 1.0 } else { 0.0 }
}

/// Whether the claim is, word for word, one sentence of the windows or two that follow each other.
fn is_verbatim(claim: &[Word], windows: &[Window<'_>]) -> bool {
    let same = |words: &mut dyn Iterator<Item = &Word>| {
        let mut claim = claim.iter();
        loop {
            match (claim.next(), words.next()) {
                (None, None) => return true,
                (Some(mine), Some(theirs)) if mine.lower == theirs.lower => {}
                _ => return false,
            }
        }
    };
    windows.iter().any(|window| {
        window.sentences.iter().any(|sentence| same(&mut sentence.words.iter()))
            || same(&mut window.sentences.iter().flat_map(|sentence| &sentence.words))
    })
}
