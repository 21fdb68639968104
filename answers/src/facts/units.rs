use crate::text::{Word, WordKind};

/// What a number counts or measures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unit {
    /// Seconds per unit.
    Time(f64),
    /// Bytes per unit, in powers of 1000.
    Bytes(f64),
    /// Currency sign or code, lower case.
    Money(String),
    Percent,
    /// A bare number from 1500 to 2100 of four digits.
    Year,
    /// A rank: first, 3rd.
    Rank,
    /// A date, a time of day, a version or a ratio: compared as text.
    Label(&'static str),
    /// Things counted: the stems of up to two content words that follow.
    Things(Vec<String>),
}

/// Codes of ISO 4217 and other names of currencies, each after the name that it goes by here. Codes that are English words ("try", "all") are left out.
const CURRENCIES: &[(&str, &str)] = &[
    ("$", "$ usd dollar dollars"),
    ("€", "€ eur euro euros"),
    ("£", "£ gbp pound pounds"),
    ("¥", "¥ jpy yen cny yuan"),
    ("chf", "chf franc francs"),
    ("kr", "kr sek nok dkk isk krona kronor krone kroner"),
    ("pln", "pln zl zł zloty zlotys"),
    ("inr", "inr rs pkr lkr rupee rupees"),
    ("brl", "brl real reais"),
    ("mxn", "mxn ars clp uyu peso pesos php"),
    ("krw", "krw won"),
    ("rub", "rub ruble rubles rouble roubles"),
    ("zar", "zar rand"),
    ("aed", "aed mad dirham dirhams"),
    ("sar", "sar qar riyal riyals"),
];
/// Each a currency of its own.
const CODES: &str =
    "aud bdt bgn bhd cad czk egp ghs hkd huf idr ils jod kes kwd myr ngn nzd omr ron sgd thb tnd twd uah vnd";

/// Words between a number and its unit: "10 working days".
const BETWEEN: &str = "working business calendar full whole consecutive more further additional extra";

/// The currency that a word names.
pub(super) fn currency(lower: &str) -> Option<Unit> {
    let known = CURRENCIES
        .iter()
        .find(|(_, names)| names.split(' ').any(|name| name == lower))
        .map(|(name, _)| *name);
    let code = || CODES.split(' ').find(|code| *code == lower);
    known.or_else(code).map(|name| Unit::Money(name.to_owned()))
}

/// Reads a unit word or a suffix glued to a number.
pub(crate) fn measured_unit(lower: &str) -> Option<Unit> {
    let unit = match lower {
        "ms" | "millisecond" | "milliseconds" => Unit::Time(0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Time(1.0),
        "min" | "mins" | "minute" | "minutes" => Unit::Time(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Time(3600.0),
        "d" | "day" | "days" => Unit::Time(86_400.0),
        "week" | "weeks" | "wk" | "wks" => Unit::Time(604_800.0),
        "month" | "months" => Unit::Time(2_592_000.0),
        "year" | "years" | "yr" | "yrs" => Unit::Time(31_104_000.0),
        "b" | "byte" | "bytes" => Unit::Bytes(1.0),
        "kb" | "kib" | "kilobyte" | "kilobytes" => Unit::Bytes(1e3),
        "mb" | "mib" | "megabyte" | "megabytes" => Unit::Bytes(1e6),
        "gb" | "gib" | "gigabyte" | "gigabytes" => Unit::Bytes(1e9),
        "tb" | "tib" | "terabyte" | "terabytes" => Unit::Bytes(1e12),
        "%" | "percent" | "pct" => Unit::Percent,
        "st" | "nd" | "rd" | "th" => Unit::Rank,
        other => return currency(other),
    };
    Some(unit)
}

/// The unit that stands in the words after a number: a measured one if the next word names it, else the things counted.
pub(super) fn following_unit(after: &[Word]) -> Unit {
    let between = |word: &Word| BETWEEN.split(' ').any(|between| between == word.lower);
    let named = match after {
        [first, second, ..] if between(first) && !first.after_break => Some(second),
        [first, ..] => Some(first),
        [] => None,
    };
    let measured = named
        .filter(|word| !word.after_break)
        .and_then(|word| measured_unit(&word.lower));
    if let Some(unit) = measured {
        return unit;
    }
    let mut things = Vec::new();
    for word in after.iter().take(4) {
        let ends = word.after_break || word.kind == WordKind::Number || (word.stop && !things.is_empty());
        if ends || things.len() == 2 {
            break;
        }
        if word.is_content() {
            things.push(word.stem.clone());
        }
    }
    Unit::Things(things)
}

impl Unit {
    /// Whether two numbers with these units may be compared at all. Things compare when a counted word is shared or when
    /// one side names none.
    pub(crate) fn compares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Things(left), Self::Things(right)) => {
                left.is_empty() || right.is_empty() || left.iter().any(|stem| right.contains(stem))
            }
            (Self::Money(_), Self::Money(_)) | (Self::Time(_), Self::Time(_)) | (Self::Bytes(_), Self::Bytes(_)) => {
                true
            }
            _ => self == other,
        }
    }
}
