use std::collections::HashSet;

use super::number_words::{scale_value, spelled_number};
use super::units::{Unit, currency, following_unit, measured_unit};
use crate::text::{Word, WordKind};

/// A number with what it measures and the words around it.
#[derive(Debug, Clone)]
pub(crate) struct Quantity {
    pub(crate) value: Value,
    pub(crate) unit: Unit,
    /// May contradict, but is never reported missing ("one", ranks).
    soft: bool,
    /// Content stems of its clause: which subject the number belongs to.
    context: HashSet<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Amount(f64),
    /// A date, time, version or ratio, lower case.
    Text(String),
}

/// How the numbers of a claim stand to those of its evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct NumberAgreement {
    /// Share of the claim's numbers for which the evidence gives another number of the same thing.
    pub(crate) conflict: f32,
    /// Share of the claim's numbers that the evidence does not give at all.
    pub(crate) missing: f32,
    /// Some missing number does stand in the evidence, but with another unit or thing.
    pub(crate) other_unit: bool,
}

/// Words before and after a number that count as its context.
const CONTEXT_WORDS: usize = 9;
/// Numbers beyond this many in one text are not compared.
const MAX_QUANTITIES: usize = 60;

/// Reads all numbers of a sentence: digits and words, thousands separators, currency, percent, units, dates, versions.
pub(crate) fn quantities(words: &[Word]) -> Vec<Quantity> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(rest) = words
        .get(index..)
        .filter(|rest| !rest.is_empty() && found.len() < MAX_QUANTITIES)
    {
        let Some((value, unit, soft, taken)) = quantity_at(rest) else {
            index += 1;
            continue;
        };
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let (value, unit) = match (before, rest.first()) {
            (Some(before), Some(number)) => told_before(before, number, (value, unit)),
            _ => (value, unit),
        };
        found.push(Quantity {
            value,
            unit,
            soft,
            context: context(words, index, taken),
        });
        index += taken;
    }
    found
}

/// A number as the word before it says: "CHF 40", "Rs. 400" are money, "Python 3.10" and "release 1.1" versions, which are compared as text.
fn told_before(before: &Word, number: &Word, (value, unit): (Value, Unit)) -> (Value, Unit) {
    if !matches!(unit, Unit::Things(_) | Unit::Year) {
        return (value, unit);
    }
    if let Some(money) = currency(&before.lower) {
        return (value, money);
    }
    let parts: Vec<&str> = number.lower.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let named = matches!(before.lower.as_str(), "version" | "release") || (before.capital && !before.stop);
    if named && parts.len() == 2 && parts.iter().all(digits) {
        return (Value::Text(number.lower.clone()), Unit::Label("version"));
    }
    (value, unit)
}

fn quantity_at(words: &[Word]) -> Option<(Value, Unit, bool, usize)> {
    let first = words.first()?;
    if first.kind != WordKind::Number {
        let spelled = spelled_number(words)?;
        let after = words.get(spelled.words..).unwrap_or_default();
        let unit = if spelled.rank {
            Unit::Rank
        } else {
            following_unit(after)
        };
        let measured = matches!(unit, Unit::Time(_) | Unit::Money(_) | Unit::Bytes(_));
        let soft = spelled.article || (spelled.soft && !measured);
        return Some((Value::Amount(spelled.value), unit, soft, spelled.words));
    }
    if let Some(label) = text_label(&first.lower) {
        return Some((
            Value::Text(first.lower.trim_start_matches('v').to_owned()),
            Unit::Label(label),
            false,
            1,
        ));
    }
    let (amount, prefix, suffix) = read_digits(&first.lower)?;
    let mut taken = 1;
    let mut scale = 1.0;
    let mut unit = measured_unit(suffix);
    if unit.is_none() {
        scale = scale_value(suffix).unwrap_or(if suffix == "m" { 1e6 } else { 1.0 });
    }
    if let Some(next) = words
        .get(1)
        .filter(|next| !next.after_break)
        .and_then(|next| scale_value(&next.lower))
    {
        scale *= next;
        taken = 2;
    }
    let after = words.get(taken..).unwrap_or_default();
    let unit = unit
        .take()
        .or_else(|| prefix.and_then(|sign| measured_unit(&sign.to_string())))
        .unwrap_or_else(|| {
            let unit = following_unit(after);
            let bare =
                scale == 1.0 && first.lower.len() == 4 && amount.fract() == 0.0 && (1500.0..=2100.0).contains(&amount);
            if bare && matches!(unit, Unit::Things(_)) {
                Unit::Year
            } else {
                unit
            }
        });
    let soft = unit == Unit::Rank;
    Some((Value::Amount(amount * scale), unit, soft, taken))
}

/// Dates, times of day, versions and ratios are compared as text.
fn text_label(lower: &str) -> Option<&'static str> {
    let dots = lower.bytes().filter(|&b| b == b'.').count();
    if lower.starts_with('v') || dots >= 2 {
        Some("version")
    } else if lower.contains(':') {
        Some("time")
    } else if lower.len() == 10 && lower.bytes().filter(|&b| b == b'-').count() == 2 {
        Some("date")
    } else if lower.contains('/') {
        Some("ratio")
    } else {
        None
    }
}

/// Splits `$1,000.50k` into its amount, its currency sign and the letters behind it.
fn read_digits(lower: &str) -> Option<(f64, Option<char>, &str)> {
    let prefix = lower.chars().next().filter(|c| matches!(c, '$' | '€' | '£' | '¥'));
    let body = lower.trim_start_matches(['$', '€', '£', '¥']);
    let digits_end = body
        .find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.')
        .unwrap_or(body.len());
    let (digits, suffix) = body.split_at_checked(digits_end)?;
    let digits = digits.trim_end_matches([',', '.']);
    let plain = match digits.rsplit_once(',') {
        Some((_, tail)) if tail.split('.').next().is_some_and(|group| group.len() == 3) => digits.replace(',', ""),
        Some(_) => digits.replace(',', "."),
        None => digits.to_owned(),
    };
    let amount: f64 = plain.parse().ok()?;
    amount.is_finite().then_some((
        amount,
        prefix,
        suffix.trim_matches(|c: char| !c.is_alphabetic() && c != '%'),
    ))
}

/// Content stems between the clause breaks around a number, at most [`CONTEXT_WORDS`] on either side. A clause that begins
/// with a pronoun borrows its subject from the one before.
fn context(words: &[Word], index: usize, taken: usize) -> HashSet<String> {
    let after = words
        .get(index + taken..)
        .unwrap_or_default()
        .iter()
        .take(CONTEXT_WORDS);
    let after = after.take_while(|word| !ends_clause(word));
    let mut stems: HashSet<String> = after
        .filter(|word| word.is_content())
        .map(|word| word.stem.clone())
        .collect();
    let before = words.get(..=index).unwrap_or_default().iter().rev();
    for (back, word) in before.take(CONTEXT_WORDS + 1).enumerate() {
        if back > 0 && word.is_content() {
            stems.insert(word.stem.clone());
        }
        if ends_clause(word) && !points_back(word) {
            break;
        }
    }
    stems
}

fn points_back(word: &Word) -> bool {
    matches!(
        word.lower.as_str(),
        "it" | "they" | "this" | "these" | "which" | "that" | "who" | "its" | "and" | "has" | "have" | "with"
    )
}

fn ends_clause(word: &Word) -> bool {
    word.after_break || matches!(word.lower.as_str(), "while" | "whereas" | "but")
}

/// Compares the numbers of a claim with those of its evidence.
///
/// Each number of the claim is bound to the evidence's number of the same kind whose clause shares most words with the
/// claim. If that one has another value the numbers conflict, even when the claim's value stands elsewhere.
pub(crate) fn compare_numbers(
    claim: &[Quantity],
    claim_stems: &HashSet<&str>,
    evidence: &[Quantity],
) -> NumberAgreement {
    let counted = claim.iter().filter(|quantity| !quantity.soft).count().max(1);
    let (mut conflicts, mut missing, mut other_unit) = (0_usize, 0_usize, false);
    for quantity in claim {
        match binding(quantity, claim_stems, evidence) {
            Binding::Agrees => {}
            Binding::Conflicts => conflicts += 1,
            Binding::Nothing if quantity.soft => {}
            Binding::Nothing => {
                missing += 1;
                other_unit |= evidence.iter().any(|other| other.value == quantity.value);
            }
        }
    }
    let share = |count: usize| (count as f32 / counted as f32).min(1.0);
    NumberAgreement {
        conflict: share(conflicts),
        missing: share(missing),
        other_unit,
    }
}

enum Binding {
    Agrees,
    Conflicts,
    Nothing,
}

fn binding(quantity: &Quantity, claim_stems: &HashSet<&str>, evidence: &[Quantity]) -> Binding {
    let mut best_equal: Option<usize> = None;
    let mut best_other: Option<usize> = None;
    for other in evidence.iter().filter(|other| quantity.unit.compares_with(&other.unit)) {
        let own = other
            .context
            .iter()
            .filter(|stem| quantity.context.contains(*stem))
            .count();
        let wide = other
            .context
            .iter()
            .filter(|stem| claim_stems.contains(stem.as_str()))
            .count();
        let shared = 3 * own + wide;
        let best = if same_amount(quantity, other) {
            &mut best_equal
        } else {
            &mut best_other
        };
        *best = (*best).max(Some(shared));
    }
    match (best_equal, best_other) {
        (None, None) => Binding::Nothing,
        // Soft numbers conflict only where the clauses clearly speak of the same thing.
        (None, Some(shared)) if quantity.soft && shared < 8 => Binding::Agrees,
        (None, Some(_)) => Binding::Conflicts,
        // A tie favours agreement; so does a lead of one word, which chance gives easily.
        (Some(equal), Some(other)) if other > equal + 3 => Binding::Conflicts,
        (Some(_), _) => Binding::Agrees,
    }
}

fn same_amount(left: &Quantity, right: &Quantity) -> bool {
    let (Value::Amount(a), Value::Amount(b)) = (&left.value, &right.value) else {
        return left.value == right.value;
    };
    let near = |x: f64, y: f64| (x - y).abs() <= 1e-6 * x.abs().max(y.abs()).max(1e-9);
    match (&left.unit, &right.unit) {
        (Unit::Time(x), Unit::Time(y)) => near(a * x, b * y) || (a * x - b * y).abs() <= 0.02 * (a * x) && x != y,
        // One kilobyte is 1000 or 1024 bytes, so unequal units may differ by that factor for each step.
        (Unit::Bytes(x), Unit::Bytes(y)) => near(a * x, b * y) || (x != y && (0.9..=1.1).contains(&(a * x / (b * y)))),
        (Unit::Money(x), Unit::Money(y)) => x == y && near(*a, *b),
        _ => near(*a, *b),
    }
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;
