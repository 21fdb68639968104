use std::collections::HashSet;

use crate::text::{Word, WordKind};

/// Names in a claim that its evidence does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct NameAgreement {
    /// Share of the claim's names that stand nowhere in the sources.
    pub(crate) missing: f32,
    /// Share of the claim's names that stand in the sources, but not in the evidence itself.
    pub(crate) far: f32,
    /// The last word of some name, or an identifier, stands nowhere in the sources; or the evidence has the rest of a name
    /// with another word in the place of the missing one (Roger Nichols for Brian Nichols).
    pub(crate) head_missing: bool,
}

/// Words of the sources, as far as names need them.
pub(crate) struct KnownNames<'a> {
    /// Whether a lower-case form or a stem stands anywhere in the sources.
    pub(crate) in_sources: &'a dyn Fn(&Word) -> bool,
    /// Lower-case forms that stand capitalised inside a sentence of the sources.
    pub(crate) capitalised: &'a HashSet<String>,
}

/// Compares the names of a claim (capitalised words inside a sentence, acronyms, addresses, identifiers) with the words of
/// its evidence and of all sources. A spelling one letter off counts as the same name.
pub(crate) fn compare_names(claim: &[Word], evidence: &[Word], known: &KnownNames<'_>) -> NameAgreement {
    let groups = name_groups(claim, known);
    if groups.is_empty() {
        return NameAgreement::default();
    }
    let mut agreement = NameAgreement::default();
    let weight = 1.0 / groups.len() as f32;
    for group in &groups {
        let part = weight / group.len() as f32;
        for (index, word) in group.iter().enumerate() {
            if stands_in(word, evidence) {
                continue;
            }
            if (known.in_sources)(word) {
                agreement.far += part;
            } else {
                agreement.missing += part;
                agreement.head_missing |= index + 1 == group.len() || is_replaced(group, index, evidence);
            }
        }
    }
    agreement
}

/// Runs of neighbouring name words. A sentence written mostly in capitals has no names to tell.
fn name_groups<'a>(claim: &'a [Word], known: &KnownNames<'_>) -> Vec<Vec<&'a Word>> {
    let content = claim
        .iter()
        .filter(|word| word.is_content() && word.kind == WordKind::Plain)
        .count();
    let capitals = claim.iter().filter(|word| word.is_content() && word.capital).count();
    let title_case = content >= 6 && capitals * 10 >= content * 8;
    let mut groups: Vec<Vec<&Word>> = Vec::new();
    let mut open = false;
    for (index, word) in claim.iter().enumerate() {
        let next_is_name = claim
            .get(index + 1)
            .is_some_and(|next| next.capital && next.is_content() && !next.after_break);
        let code = word.kind == WordKind::Code;
        let plain_name = !title_case
            && word.is_content()
            && word.kind == WordKind::Plain
            && word.capital
            && (index > 0 || word.inner_capital || next_is_name || known.capitalised.contains(&word.lower));
        if !plain_name && !code {
            open = false;
            continue;
        }
        match groups.last_mut().filter(|_| open && !word.after_break && !code) {
            Some(group) => group.push(word),
            None => groups.push(vec![word]),
        }
        open = !code;
    }
    groups
}

/// Whether the evidence has a neighbour of the missing word with another name word at its side.
fn is_replaced(group: &[&Word], missing: usize, evidence: &[Word]) -> bool {
    let other_name = |word: Option<&Word>| word.is_some_and(|word| word.capital && word.is_content());
    let next = group.get(missing + 1).is_some_and(|next| {
        let places = evidence.iter().enumerate().filter(|(_, word)| word.lower == next.lower);
        places
            .into_iter()
            .any(|(at, word)| !word.after_break && other_name(at.checked_sub(1).and_then(|at| evidence.get(at))))
    });
    let before = missing
        .checked_sub(1)
        .and_then(|at| group.get(at))
        .is_some_and(|before| {
            let mut places = evidence
                .windows(2)
                .filter(|pair| pair.first().is_some_and(|word| word.lower == before.lower));
            places.any(|pair| pair.get(1).is_some_and(|word| !word.after_break) && other_name(pair.get(1)))
        });
    next || before
}

fn stands_in(name: &Word, evidence: &[Word]) -> bool {
    evidence
        .iter()
        .any(|word| word.lower == name.lower || word.stem == name.stem || one_letter_off(&word.lower, &name.lower))
        || (name.inner_capital && spelled_out(&name.lower, evidence))
}

/// Whether the initials of neighbouring words spell an acronym: SSO for "single sign-on".
pub(crate) fn spelled_out(acronym: &str, evidence: &[Word]) -> bool {
    let letters: Vec<char> = acronym.chars().collect();
    (2..=5).contains(&letters.len())
        && evidence.windows(letters.len()).any(|window| {
            window
                .iter()
                .zip(&letters)
                .all(|(word, letter)| word.kind == WordKind::Plain && word.lower.starts_with(*letter))
        })
}

/// Spelling slips in long names: one letter changed, added or left out, in words of six letters or more.
fn one_letter_off(left: &str, right: &str) -> bool {
    if left.len().min(right.len()) < 6
        || left.len().abs_diff(right.len()) > 1
        || left.bytes().any(|b| b.is_ascii_digit())
    {
        return false;
    }
    let same_start = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    let same_end = left
        .bytes()
        .rev()
        .zip(right.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    same_start + same_end + 1 >= left.len().max(right.len()) && same_start > 0
}
