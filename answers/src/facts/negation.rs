use std::collections::HashMap;

use crate::text::Word;

/// Content words after a negation that it reaches.
const SCOPE_WORDS: usize = 3;

#[derive(Debug, Clone, Copy, Default)]
struct Polarity {
    negated: bool,
    plain: bool,
    /// Stands right after the negation: the negated predicate itself.
    first: bool,
}

/// Whether this word denies what follows.
pub(crate) fn is_negator(lower: &str) -> bool {
    matches!(
        lower,
        "not"
            | "no"
            | "never"
            | "without"
            | "neither"
            | "nor"
            | "none"
            | "nobody"
            | "nothing"
            | "cannot"
            | "hardly"
            | "nowhere"
            // "Non-refundable" is read as two words.
            | "non"
    ) || is_denying_verb(lower)
}

/// Verbs and adjectives that deny what follows: "refused to model", "fails to start", "unable to export".
fn is_denying_verb(lower: &str) -> bool {
    matches!(
        lower,
        "refuse"
            | "refused"
            | "refuses"
            | "refusing"
            | "fail"
            | "fails"
            | "failed"
            | "failing"
            | "unable"
            | "lack"
            | "lacks"
            | "lacked"
            | "lacking"
            | "incapable"
            | "cease"
            | "ceased"
            | "ceases"
            | "declined"
            | "declines"
            | "unwilling"
    )
}

/// How strongly claim and evidence disagree about what is denied, 0..=1: 1 when the word right after a negation on one side
/// stands without any on the other, 0.6 when a word further inside the reach of a negation does.
pub(crate) fn negation_mismatch(claim: &[Word], evidence: &[Word]) -> f32 {
    let (claim_words, claim_negations) = polarities(claim);
    let (evidence_words, evidence_negations) = polarities(evidence);
    if claim_negations == 0 && evidence_negations == 0 {
        return 0.0;
    }
    let mut worst = 0.0_f32;
    let mut agreeing = false;
    for (stem, claim_side) in &claim_words {
        let Some(evidence_side) = evidence_words.get(stem) else {
            continue;
        };
        let apart = (claim_side.negated && !claim_side.plain && !evidence_side.negated)
            || (evidence_side.negated && !evidence_side.plain && !claim_side.negated);
        agreeing |= claim_side.negated && evidence_side.negated;
        if apart {
            worst = worst.max(if claim_side.first || evidence_side.first {
                1.0
            } else {
                0.6
            });
        }
    }
    // A shared denied word shows that both deny the same thing; what is left is a matter of reach.
    if agreeing {
        return if worst >= 1.0 && claim_negations != evidence_negations {
            0.6
        } else {
            0.0
        };
    }
    // The claim denies something in words the evidence does not have, and the evidence denies nothing at all.
    if worst == 0.0 && claim_negations > 0 && evidence_negations == 0 {
        return 0.6;
    }
    worst
}

fn polarities(words: &[Word]) -> (HashMap<&str, Polarity>, usize) {
    let mut found: HashMap<&str, Polarity> = HashMap::new();
    let (mut reach, mut negations, mut first) = (0_usize, 0, false);
    for (index, word) in words.iter().enumerate() {
        if ends_reach(word) {
            reach = 0;
        }
        let only_after = words
            .get(index + 1)
            .is_some_and(|next| matches!(next.lower.as_str(), "only" | "just" | "longer"));
        let not_only = matches!(word.lower.as_str(), "not")
            && only_after
            && words.get(index + 1).is_some_and(|w| w.lower != "longer");
        if is_negator(&word.lower) && !not_only {
            reach = if word.lower == "non" { 1 } else { SCOPE_WORDS };
            first = true;
            negations += 1;
        } else if word.is_content() {
            let side = found.entry(word.stem.as_str()).or_default();
            if reach > 0 {
                side.negated = true;
                side.first |= first;
                reach -= 1;
                first = false;
            } else {
                side.plain = true;
            }
        }
    }
    (found, negations)
}

fn ends_reach(word: &Word) -> bool {
    word.after_break
        || matches!(
            word.lower.as_str(),
            "but" | "because" | "although" | "unless" | "until" | "if" | "while" | "however"
        )
}
