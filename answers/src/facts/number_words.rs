use super::units::{Unit, measured_unit};
use crate::text::Word;

/// A number written in words: its value and how many words it takes.
pub(super) struct SpelledNumber {
    pub(super) value: f64,
    pub(super) words: usize,
    /// Words that are often no count ("one of", "second to none"): they may contradict, but are never found missing.
    pub(super) soft: bool,
    pub(super) rank: bool,
    /// "A day", "an hour": it may contradict "a week", but is never found missing.
    pub(super) article: bool,
}

/// Reads a spelled number at the start of `words`: "thirty-six", "two hundred and five", "third", "a dozen".
pub(super) fn spelled_number(words: &[Word]) -> Option<SpelledNumber> {
    let first = words.first()?;
    if let Some(rank) = rank_value(&first.lower) {
        return Some(SpelledNumber {
            value: rank,
            words: 1,
            soft: true,
            rank: true,
            article: false,
        });
    }
    let unit = words.get(1).and_then(|word| measured_unit(&word.lower));
    if matches!(first.lower.as_str(), "a" | "an") && matches!(unit, Some(Unit::Time(_))) {
        return Some(SpelledNumber {
            value: 1.0,
            words: 1,
            soft: true,
            rank: false,
            article: true,
        });
    }
    let (mut total, mut group, mut taken) = (0.0, 0.0, 0);
    let mut last_small = f64::INFINITY;
    for (index, word) in words.iter().enumerate().take(10) {
        if index > 0 && word.lower == "and" && taken == index && group >= 100.0 {
            continue;
        }
        if index > 0 && word.after_break {
            break;
        }
        if let Some(value) = small_value(&word.lower) {
            // "twenty five" adds up, "five twenty" does not.
            let fits = taken == 0 || (value < 10.0 && (20.0..100.0).contains(&last_small)) || last_small >= 100.0;
            if !fits {
                break;
            }
            group += value;
            last_small = value;
        } else if let Some(scale) = scale_value(&word.lower) {
            if taken == 0 {
                break;
            }
            if scale > 100.0 {
                total += group.max(1.0) * scale;
                group = 0.0;
            } else {
                group = group.max(1.0) * scale;
            }
            last_small = f64::INFINITY;
        } else {
            break;
        }
        taken = index + 1;
    }
    let soft = first.lower == "one" && taken == 1;
    (taken > 0).then_some(SpelledNumber {
        value: total + group,
        words: taken,
        soft,
        rank: false,
        article: false,
    })
}

pub(super) fn scale_value(lower: &str) -> Option<f64> {
    Some(match lower {
        "hundred" => 100.0,
        "thousand" | "k" => 1e3,
        "million" | "mn" => 1e6,
        "billion" | "bn" => 1e9,
        "trillion" => 1e12,
        _ => return None,
    })
}

fn small_value(lower: &str) -> Option<f64> {
    const SMALL: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    if lower == "dozen" {
        return Some(12.0);
    }
    let small = SMALL.iter().position(|&word| word == lower);
    let tens = TENS
        .iter()
        .position(|&word| word == lower)
        .map(|index| 10 * (index + 2));
    small
        .or(tens)
        .and_then(|value| u32::try_from(value).ok())
        .map(f64::from)
}

fn rank_value(lower: &str) -> Option<f64> {
    const RANKS: [&str; 10] = [
        "first", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    ];
    let index = RANKS.iter().position(|&word| word == lower)?;
    let value = if index == 0 { 1 } else { index + 2 };
    u32::try_from(value).ok().map(f64::from)
}
