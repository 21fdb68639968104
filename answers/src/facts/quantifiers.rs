use crate::text::{Word, WordKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    All,
    Some,
    None,
    Only,
    AtLeast,
    AtMost,
    Must,
    May,
}

/// A quantifier with the stem it speaks of: the next content word (or number).
struct Bound<'a> {
    quantifier: Quantifier,
    head: Option<&'a str>,
}

/// How strongly the quantifiers of a claim disagree with those of its evidence, 0..=1.
///
/// 1: all against some or none, at least against at most, must against may, about the same word. 0.7: the claim says "all" or
/// "only" of a shared word where the evidence says nothing of the kind. "Some" where the evidence says "all" follows from it.
pub(crate) fn quantifier_mismatch(claim: &[Word], evidence: &[Word]) -> f32 {
    let (claim_bounds, evidence_bounds) = (bounds(claim), bounds(evidence));
    claim_bounds
        .iter()
        .map(|bound| mismatch(bound, &evidence_bounds, &claim_bounds, evidence))
        .fold(strengthened(&claim_bounds, &evidence_bounds, claim), f32::max)
}

fn mismatch(bound: &Bound<'_>, evidence: &[Bound<'_>], claim: &[Bound<'_>], words: &[Word]) -> f32 {
    if evidence.iter().any(|other| other.quantifier == bound.quantifier) {
        return 0.0;
    }
    let opposed = evidence
        .iter()
        .filter(|other| opposes(bound.quantifier, other.quantifier));
    let same_head = opposed.clone().any(|other| other.head == bound.head);
    let free = opposed
        .clone()
        .any(|other| !claim.iter().any(|mine| mine.quantifier == other.quantifier));
    if same_head
        || (free
            && matches!(
                bound.quantifier,
                Quantifier::AtLeast | Quantifier::AtMost | Quantifier::Must
            ))
    {
        return 1.0;
    }
    let shared_head = bound
        .head
        .is_some_and(|head| words.iter().any(|word| word.stem == head));
    match bound.quantifier {
        Quantifier::All | Quantifier::Only if shared_head => 0.7,
        Quantifier::None | Quantifier::AtLeast | Quantifier::AtMost | Quantifier::Must if free => 0.7,
        _ => 0.0,
    }
}

/// The evidence limits a word ("only admins", "some plans") that the claim uses without the limit: weaker than a clash.
fn strengthened(claim: &[Bound<'_>], evidence: &[Bound<'_>], words: &[Word]) -> f32 {
    let dropped = evidence.iter().any(|bound| {
        matches!(bound.quantifier, Quantifier::Only)
            && !claim.iter().any(|mine| mine.quantifier == Quantifier::Only)
            && claim.iter().any(|mine| mine.quantifier == Quantifier::All)
            && bound
                .head
                .is_some_and(|head| words.iter().any(|word| word.stem == head))
    });
    if dropped { 0.7 } else { 0.0 }
}

fn opposes(claim: Quantifier, evidence: Quantifier) -> bool {
    use Quantifier::{All, AtLeast, AtMost, May, Must, None, Only, Some};
    matches!(
        (claim, evidence),
        (All, Some | None | Only)
            | (Some, None)
            | (None, All | Some)
            | (Only, All)
            | (AtLeast, AtMost)
            | (AtMost, AtLeast)
            | (Must, May)
            | (May, None)
    )
}

fn bounds(words: &[Word]) -> Vec<Bound<'_>> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(rest) = words.get(index..).filter(|rest| !rest.is_empty()) {
        let Some((quantifier, taken)) = quantifier_at(rest) else {
            index += 1;
            continue;
        };
        index += taken;
        let after = rest.get(taken..).unwrap_or_default();
        let head = after
            .iter()
            .take(4)
            .find(|word| word.is_content() || word.kind == WordKind::Number);
        found.push(Bound {
            quantifier,
            head: head.map(|word| word.stem.as_str()),
        });
    }
    found
}

fn quantifier_at(words: &[Word]) -> Option<(Quantifier, usize)> {
    let at = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let number_at = |index: usize| words.get(index).is_some_and(|word| word.kind == WordKind::Number);
    let two = match (at(0), at(1)) {
        ("at", "least") | ("no" | "not", "less" | "fewer") | ("or", "more") => Some(Quantifier::AtLeast),
        ("at", "most") | ("up", "to") | ("no" | "not", "more") | ("or", "less" | "fewer") => Some(Quantifier::AtMost),
        ("not", "all" | "every" | "always") => Some(Quantifier::Some),
        ("more" | "greater", "than") => Some(Quantifier::AtLeast),
        ("less" | "fewer", "than") => Some(Quantifier::AtMost),
        ("have" | "has", "to") => Some(Quantifier::Must),
        _ => None,
    };
    if let Some(quantifier) = two {
        return Some((quantifier, 2));
    }
    let one = match at(0) {
        "all" | "every" | "each" | "everyone" | "everybody" | "everything" | "always" | "entire" | "any" => {
            Quantifier::All
        }
        "some" | "several" | "sometimes" | "most" | "mostly" | "often" | "usually" | "occasionally" | "few"
        | "certain" | "many" | "partly" | "partially" | "half" => Quantifier::Some,
        "none" | "nobody" | "never" | "neither" => Quantifier::None,
        "no" if !number_at(1) => Quantifier::None,
        "only" | "solely" | "exclusively" => Quantifier::Only,
        "minimum" => Quantifier::AtLeast,
        "maximum" => Quantifier::AtMost,
        "over" | "above" | "exceeds" | "exceeding" if number_at(1) => Quantifier::AtLeast,
        "under" | "below" | "within" if number_at(1) => Quantifier::AtMost,
        "must" | "required" | "requires" | "mandatory" => Quantifier::Must,
        "may" | "might" | "could" | "optional" | "optionally" => Quantifier::May,
        _ => return None,
    };
    Some((one, 1))
}
