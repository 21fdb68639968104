//! Rows of bills, forms and tables of contents that stand alone as lines. However bold or large they are set, they head nothing: what they say is their value.

use super::list_marker;
use crate::table::{is_value, is_year};

const SIGNS: [char; 12] = ['$', '€', '£', '¥', '₹', '₩', '₽', '฿', '₺', '₫', '₦', '₱'];
const CODES: [&str; 24] = [
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "AUD", "CAD", "NZD", "SGD", "HKD", "SEK", "NOK", "DKK",
    "PLN", "CZK", "HUF", "BRL", "MXN", "ZAR", "KRW", "Rs.",
];
/// A round amount after more words than these ends a sentence: "How a small team did it for less than $100".
const MAX_WORDS_BEFORE_ROUND: usize = 6;
/// A word with so many digits is no word: the number of a transaction.
const MIN_ID_DIGITS: usize = 6;
/// What stands after a colon is a value where each of its words has so many digits, if it is no number or date.
const MIN_CODE_DIGITS: usize = 3;
const MAX_VALUE_WORDS: usize = 4;

/// Whether the last of the pieces of a line, which stand apart from each other, is a value.
pub(super) fn end_in_value(cells: &[String]) -> bool {
    match cells {
        [] | [_] => false,
        [.., value] => is_value_alone(value) && value.chars().any(|c| c.is_ascii_digit()),
    }
}

/// Whether the words of a line are a name and its value.
pub(super) fn is_row(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_deep = list_marker::heading_number(text).is_some_and(|parts| parts > 1);
    ends_in_amount(&words, is_deep)
        || words.windows(2).any(has_exact_amount)
        || matches!(decimals(&words), Some(Decimals::OfMoney))
        || ends_in_key_and_value(text)
        || ends_in_time_or_number_and_date(&words)
        || ends_in_page_number(text, &words)
        || is_id(&words)
}

/// Whether a line ends in a number that is a value among others, and may be a version alone: "Coffee 3.20", "Python 3.12".
pub(super) fn may_be_row(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    decimals(&words).is_some()
}

fn is_value_alone(cell: &str) -> bool {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let is_value = |word: &&str| {
        let word = word.trim_matches(['(', ')', ',', '*']);
        let is_unit = matches!(word, "%" | "-" | "–" | "/");
        is_value(word)
            || is_unit
            || is_currency(word)
            || word.starts_with('#') && is_value(word.trim_start_matches('#'))
    };
    words.iter().all(is_value) || date(&words) == words.len() || has_amount(cell)
}

fn is_currency(word: &str) -> bool {
    CODES.contains(&word) || (!word.is_empty() && word.chars().all(|c| SIGNS.contains(&c)))
}

/// `$821.14`, `(15%)-$84.00`, `9€`.
fn has_amount(word: &str) -> bool {
    word.contains(SIGNS) && word.chars().any(|c| c.is_ascii_digit())
}

fn ends_in_amount(words: &[&str], is_deep: bool) -> bool {
    let [before @ .., last] = words else { return false };
    let previous = before.last().copied().unwrap_or_default();
    let is_pair = is_currency(previous) && is_value(last) || is_currency(last) && is_value(previous);
    (has_amount(last) || is_pair) && !is_deep && before.len() <= MAX_WORDS_BEFORE_ROUND
}

/// An amount to the cent, wherever it stands.
fn has_exact_amount(pair: &[&str]) -> bool {
    let [first, second] = pair else { return false };
    let is_exact = |word: &str| decimal_parts(word).is_some();
    [*first, *second]
        .into_iter()
        .any(|word| has_amount(word) && is_exact(word))
        || is_currency(first) && is_exact(second)
        || is_exact(first) && is_currency(second)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decimals {
    /// As no version and no section has it.
    OfMoney,
    Other,
}

/// What kind of number with two decimals the line ends in.
fn decimals(words: &[&str]) -> Option<Decimals> {
    let [before @ .., last] = words else { return None };
    if before.is_empty() {
        return None;
    }
    let (integer, fraction) = decimal_parts(last)?;
    let is_money = integer.chars().filter(char::is_ascii_digit).count() > 2
        || fraction == "00"
        || last.starts_with('-')
        || before.last().is_some_and(|word| word.ends_with(':'));
    Some(if is_money { Decimals::OfMoney } else { Decimals::Other })
}

/// What stands before and after the point of a number with two decimals, with what else is in the word.
fn decimal_parts(word: &str) -> Option<(&str, &str)> {
    let word = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (integer, fraction) = word.rsplit_once(['.', ','])?;
    let is_fraction = fraction.len() == 2 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_integer = integer.ends_with(|c: char| c.is_ascii_digit()) && !integer.contains(char::is_alphabetic);
    // "12.03.24" is a date: groups of thousands have three digits.
    let is_grouped = integer
        .split(['.', ',', '\''])
        .enumerate()
        .all(|(at, group)| at == 0 || group.len() == 3);
    (is_fraction && is_integer && is_grouped).then_some((integer, fraction))
}

/// `Since: 2.0`, `Phone: (425) 000-0000`, `Preliminary Estimate (ID: EST-1008)`; not `Chapter 4: 1984`.
fn ends_in_key_and_value(text: &str) -> bool {
    let Some((key, value)) = text.rsplit_once(": ") else {
        return false;
    };
    let words: Vec<&str> = value.split_whitespace().collect();
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    let is_code = |word: &&str| {
        let word = word.trim_matches(['(', ')', '#', ',']);
        digits(word) > 0 && (is_value(word) || digits(word) >= MIN_CODE_DIGITS)
    };
    let is_value = words.iter().all(is_code) || date(&words) == words.len();
    let has_name = key.ends_with(|c: char| c.is_alphabetic() || matches!(c, ')' | '.' | '#'));
    has_name && !words.is_empty() && words.len() <= MAX_VALUE_WORDS && is_value
}

/// A day with the time, or the number of a paper and its day: `Print Date 12/15/2024 14:30:22`, `Invoice 2026-117 12 March 2026`.
fn ends_in_time_or_number_and_date(words: &[&str]) -> bool {
    let is_time = |word: &&str| word.contains(':') && is_value(word);
    let dated = words
        .split_last()
        .filter(|(last, _)| is_time(last))
        .map(|(_, dated)| dated);
    if dated.is_some_and(|dated| date(dated) > 0) {
        return true;
    }
    let before = words.len() - date(words);
    let number = words.get(..before).and_then(|words| words.last());
    before < words.len()
        && number.is_some_and(|number| {
            let number = number.trim_start_matches('#');
            let has_sign = number.contains(['-', '/']) || number.len() >= MIN_CODE_DIGITS;
            has_sign
                && number
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/'))
                && !is_year(number)
        })
}

/// How many of the last words are a date.
fn date(words: &[&str]) -> usize {
    let is_day = |word: &str| {
        let digits = word.trim_end_matches([',', '.']);
        digits.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
    };
    let is_month = |word: &str| {
        let letters = word.trim_end_matches(['.', ',']);
        (3..=10).contains(&letters.chars().count()) && letters.chars().all(char::is_alphabetic)
    };
    if let [.., a, b, year] = words
        && is_year(year)
        && (is_day(a) && is_month(b) || is_month(a) && is_day(b))
    {
        return 3;
    }
    let Some(last) = words.last() else { return 0 };
    let parts: Vec<&str> = last.split(['-', '/', '.']).collect();
    let is_number = |part: &&str| matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit());
    let has_year = parts.first().is_some_and(|part| is_year(part)) || parts.last().is_some_and(|part| is_year(part));
    usize::from(parts.len() == 3 && parts.iter().all(is_number) && has_year)
}

/// A line of a table of contents, or "Page 1 of 3".
fn ends_in_page_number(text: &str, words: &[&str]) -> bool {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let leader = name
        .chars()
        .rev()
        .take_while(|c| matches!(c, '.' | ' ' | '…' | '·' | '_'));
    let dots = leader.filter(|c| *c != ' ').count();
    let is_led = name.len() < text.len() && (dots > 2 || name.ends_with('…'));
    let is_counted = matches!(words, [.., a, "of" | "von" | "de" | "sur" | "/", b] if is_number(a) && is_number(b));
    is_led || is_counted
}

fn is_id(words: &[&str]) -> bool {
    let [word] = words else { return false };
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= MIN_ID_DIGITS && digits * 2 > word.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{end_in_value, is_row, may_be_row};

    #[test]
    fn a_line_that_ends_in_a_value_is_a_row() {
        for text in [
            "TOTAL $821.14",
            "Total due $821",
            "Member Discount (15%)-$84.00",
            "Gesamtbetrag 1.234,56 €",
            "Amount due EUR 90",
            "Amount due: $821.14 by 12 March 2026",
            "Subtotal 700.12",
            "Balance 9.00",
            "Net: 3,50",
            "Since: 2.0",
            "Invoice date: 12 March 2026",
            "12 Main Street Phone: (425) 000-0000",
            "Preliminary Estimate (ID: EST-1008)",
            "Invoice 2026-117 12 March 2026",
            "Invoice 100117 12.03.2026",
            "BOOKING ORDER Print Date 12/15/2024 14:30:22",
            "1 Introduction..................................... 1",
            "Appendix A Copying . . . . . . . . 24",
            "Page 1 of 3",
            "*TXN98765202411231432*",
        ] {
            assert!(is_row(text), "{text}");
        }
    }

    #[test]
    fn a_heading_may_have_numbers() {
        for text in [
            "1. Introduction",
            "3.2 Results of 2024",
            "Chapter 4",
            "Chapter 4: 1984",
            "Annual report 2024",
            "Python 3.12",
            "4.1 Fees over $500",
            "How a small team trained a model for less than $100",
            "Training for $100 on one machine",
            "Case study: COVID-19",
            "Standards: ISO 27001",
            "The Birth of Word Processing (1960s - 1970s)",
            "Minutes of 12 March 2026",
            "Version 1.4.2 2024-05-01",
            "Report 2025 of 12.03.2026",
            "Budget 2024-2025",
            "Invoice 2026-117",
            "Loading...",
            "ISO 9001",
            "Top 10",
        ] {
            assert!(!is_row(text), "{text}");
        }
        assert!(may_be_row("Python 3.12") && may_be_row("Coffee 3.20"));
        assert!(!may_be_row("Chapter 4") && !may_be_row("Results 12.03.24"));
    }

    #[test]
    fn a_name_and_a_value_apart_from_it_are_told_from_headings() {
        let ends = |cells: &[&str]| end_in_value(&cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        for cells in [
            ["Guests", "12"],
            ["Invoice 117", "12 March 2026"],
            ["VAT", "19 %"],
            ["Total", "90 EUR"],
            ["Invoice", "#1042"],
        ] {
            assert!(ends(&cells), "{cells:?}");
        }
        assert!(!ends(&["Chapter 4", "Growth"]) && !ends(&["2024"]));
    }
}
