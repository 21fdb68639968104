use super::imperatives::instructs;
use super::kinds::Expected;
use crate::facts::{Unit, is_negator, quantities};
use crate::text::{Word, WordKind};

const AT_ONCE: [&str; 5] = ["immediately", "instantly", "forever", "indefinitely", "overnight"];
const REPEATED: [&str; 14] = [
    "unlimited",
    "daily",
    "nightly",
    "weekly",
    "fortnightly",
    "biweekly",
    "hourly",
    "monthly",
    "quarterly",
    "yearly",
    "annually",
    "never",
    "twice",
    "every",
];
/// Words beside which a bare number is a price: "The permit costs 40.", a cell under "Price".
const PRICED: [&str; 8] = ["cost", "costs", "price", "prices", "priced", "fee", "fees", "charge"];
const TIMES: [&str; 10] = [
    "when",
    "after",
    "before",
    "once",
    "monday",
    "friday",
    "immediately",
    "daily",
    "weekly",
    "monthly",
];
const PEOPLE: [&str; 19] = [
    "owner",
    "owners",
    "admin",
    "admins",
    "administrator",
    "administrators",
    "agent",
    "agents",
    "member",
    "members",
    "user",
    "users",
    "customer",
    "customers",
    "anyone",
    "everyone",
    "staff",
    "team",
    "you",
];
const REASONS: [&str; 8] = [
    "because",
    "since",
    "due",
    "so",
    "reason",
    "therefore",
    "prevent",
    "prevents",
];
/// What lengths are counted in, of things and of texts.
const LENGTHS: &str = "mm cm m km millimetre millimetres millimeter millimeters centimetre centimetres centimeter centimeters metre metres \
    meter meters kilometre kilometres kilometer kilometers inch inches foot feet ft yard yards mile miles character characters letter \
    letters symbol symbols digit digits word words sentence sentences line lines page pages";
const PLACE_PREPOSITIONS: [&str; 7] = ["in", "at", "under", "on", "from", "to", "inside"];

/// Whether a sentence gives a value of the expected kind. `counted` is the thing a "how many" asks about.
pub(super) fn gives(expected: Expected, text: &str, words: &[Word], counted: Option<&str>) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
    let unit = |wanted: &dyn Fn(&Unit) -> bool| quantities(words).iter().any(|quantity| wanted(&quantity.unit));
    let lasts = || unit(&|unit| matches!(unit, Unit::Time(_))) || has(&AT_ONCE);
    match expected {
        Expected::Price => {
            let number = || unit(&|unit| matches!(unit, Unit::Things(_)));
            unit(&|unit| matches!(unit, Unit::Money(_))) || has(&["free", "gratis"]) || (has(&PRICED) && number())
        }
        Expected::Duration => lasts(),
        Expected::Length => lasts() || measures(words),
        Expected::Count => {
            let named = counted.is_none_or(|stem| words.iter().any(|word| word.stem == stem));
            let number = words.iter().any(|word| word.kind == WordKind::Number) || unit(&|_| true);
            (number && named) || has(&REPEATED)
        }
        Expected::Size => words.iter().any(|word| word.kind == WordKind::Number) || has(&["unlimited"]),
        Expected::Contact => has_email(words) || has_phone(words),
        Expected::Email => has_email(words),
        Expected::Phone => has_phone(words),
        Expected::Time => unit(&|unit| matches!(unit, Unit::Time(_) | Unit::Year | Unit::Label(_))) || has(&TIMES),
        Expected::Steps => instructs(text, words),
        Expected::Person => has(&PEOPLE) || has_full_name(words),
        Expected::Place => text.contains(['→', '›']) || words.windows(2).any(is_place),
        Expected::Reason => has(&REASONS),
        Expected::Choice => names_some(words) && !words.iter().any(|word| is_negator(&word.lower)),
        Expected::YesNo | Expected::Definition | Expected::Open => false,
    }
}

/// "2 m", "64 characters".
fn measures(words: &[Word]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair, [number, of] if number.kind == WordKind::Number && LENGTHS.split(' ').any(|length| length == of.lower))
    }) || words.iter().any(|word| word.kind == WordKind::Number && is_glued_length(&word.lower))
}

/// "2m", "30cm".
fn is_glued_length(number: &str) -> bool {
    let unit = number.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    unit.len() < number.len() && LENGTHS.split(' ').any(|length| length == unit)
}

fn has_email(words: &[Word]) -> bool {
    words
        .iter()
        .any(|word| word.kind == WordKind::Code && word.lower.contains('@'))
}

/// Six digits or more, in one number or in groups: "+44 20 7946 0991".
fn has_phone(words: &[Word]) -> bool {
    let digits = |word: &Word| word.lower.bytes().filter(u8::is_ascii_digit).count();
    let groups = words.split(|word| word.kind != WordKind::Number);
    groups
        .into_iter()
        .any(|group| group.iter().map(digits).sum::<usize>() >= 6)
}

/// "in Frankfurt", "on status.example.com".
fn is_place(pair: &[Word]) -> bool {
    matches!(pair, [before, place] if PLACE_PREPOSITIONS.contains(&before.lower.as_str())
        && (place.capital || place.kind == WordKind::Code))
}

/// A name that is not the first word, a number, or several things in a row.
fn names_some(words: &[Word]) -> bool {
    let name = |word: &Word| (word.capital && !word.stop) || word.kind == WordKind::Number;
    words.iter().skip(1).any(|word| name(word) || word.lower == "or")
}

/// Two capitalised words in a row, not at the start of a sentence.
fn has_full_name(words: &[Word]) -> bool {
    words
        .windows(3)
        .any(|run| matches!(run, [_, first, last] if first.capital && last.capital && !first.stop && !last.stop))
}
