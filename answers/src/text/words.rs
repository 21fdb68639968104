use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::is_stop_word;

/// Longer tokens are cut: no word, number or identifier that matters is longer, in characters.
const MAX_TOKEN_CHARS: usize = 80;
/// Words beyond this many in one sentence are not read.
const MAX_WORDS: usize = 260;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordKind {
    Plain,
    /// Begins with a digit, a currency sign before a digit, or `v` before a digit.
    Number,
    /// An address, a path, a flag or an identifier: compared whole.
    Code,
    /// Two neighbouring Chinese, Japanese or Korean characters.
    Cjk,
}

/// One word of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// Lower case, compatibility-normalised, without accents.
    pub(crate) lower: String,
    pub(crate) stem: String,
    pub(crate) kind: WordKind,
    pub(crate) stop: bool,
    /// Begins with a capital.
    pub(crate) capital: bool,
    /// Has a capital after its first character (SSO, GitHub).
    pub(crate) inner_capital: bool,
    /// A comma, bracket, colon or dash stands before it: a new clause may begin here.
    pub(crate) after_break: bool,
}

impl Word {
    /// Whether it carries content: neither a function word nor empty.
    pub(crate) fn is_content(&self) -> bool {
        !self.stop && !self.stem.is_empty()
    }
}

/// The stems of the content words, in order, with repetitions.
pub(crate) fn content_stems(words: &[Word]) -> Vec<&str> {
    words
        .iter()
        .filter(|word| word.is_content())
        .map(|word| word.stem.as_str())
        .collect()
}

/// Snowball English stem; words with other letters stay as they are.
pub(crate) fn stem(lower: &str) -> String {
    if !lower.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return lower.to_owned();
    }
    Stemmer::create(Algorithm::English).stem(lower).into_owned()
}

/// Whether two different stems look like forms of one word (elect, election): a shared prefix of at least five characters
/// that leaves at most three on either side.
pub(crate) fn is_similar_stem(left: &str, right: &str) -> bool {
    let shared = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    shared >= 5
        && left.len() - shared <= 3
        && right.len() - shared <= 3
        && left.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Splits a sentence into words. Bounded in words and word length; never panics.
pub(crate) fn words(sentence: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut after_break = true;
    for chunk in sentence.split_whitespace() {
        if found.len() >= MAX_WORDS {
            break;
        }
        let core = chunk.trim_matches(is_outer_punctuation);
        let lead = chunk.split(|c: char| c.is_alphanumeric()).next().unwrap_or_default();
        after_break |= lead.contains(is_break);
        read_chunk(core, &mut after_break, &mut found);
        let tail = chunk.rsplit(|c: char| c.is_alphanumeric()).next().unwrap_or_default();
        after_break |= tail.contains(is_break);
    }
    found.truncate(MAX_WORDS);
    found
}

fn is_outer_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '$' | '€' | '£' | '¥' | '%' | '/' | '-' | '@' | '+' | '#' | '~')
}

fn is_break(c: char) -> bool {
    matches!(
        c,
        ',' | ';' | ':' | '(' | ')' | '[' | ']' | '—' | '–' | '，' | '；' | '：' | '、'
    )
}

fn read_chunk(core: &str, after_break: &mut bool, found: &mut Vec<Word>) {
    if is_code(core) {
        let whole = core.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '-'));
        let bare = whole
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .trim_end_matches('/');
        add(bare, WordKind::Code, after_break, found);
    } else if is_number(core) {
        for part in number_parts(core) {
            let kind = if is_number(part) {
                WordKind::Number
            } else {
                WordKind::Plain
            };
            add(part, kind, after_break, found);
        }
    } else {
        for part in core.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')) {
            read_plain(part, after_break, found);
        }
    }
}

fn is_code(core: &str) -> bool {
    let mut letters_around_dot = false;
    let mut camel = false;
    let mut previous: [char; 2] = ['\0'; 2];
    for c in core.chars().take(MAX_TOKEN_CHARS) {
        let [before, last] = previous;
        letters_around_dot |=
            last == '.' && before.is_alphanumeric() && c.is_alphabetic() && before.is_lowercase() && !c.is_uppercase();
        camel |= last.is_lowercase() && c.is_uppercase();
        previous = [last, c];
    }
    let inner = core.trim_matches(|c: char| !c.is_alphanumeric());
    let starts_lower = core.chars().next().is_some_and(char::is_lowercase);
    let short_dotted = inner.len() <= 4 && !inner.contains('/');
    core.contains("://")
        || core.contains("::")
        || inner.contains(['_', '@', '='])
        || (core.starts_with("--") && core.len() > 3 && core.is_ascii())
        || (core.starts_with('/') && inner.len() > 2 && core.is_ascii())
        || inner.bytes().filter(|&b| b == b'/').count() >= 2 && !is_number(core)
        || (letters_around_dot && !short_dotted)
        || (camel && starts_lower)
}

fn is_number(core: &str) -> bool {
    let bare = core.trim_start_matches(['$', '€', '£', '¥', '-', '+', '~', '#']);
    let bare = match bare.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => bare,
    };
    bare.starts_with(|c: char| c.is_ascii_digit())
}

/// `36-hour` is a number and a word, `5-10` two numbers; a date such as `2024-01-31` stays whole.
fn number_parts(core: &str) -> impl Iterator<Item = &str> {
    let core = core.trim_start_matches(['-', '+', '~', '#']);
    let date = core.len() == 10 && core.bytes().filter(|&b| b == b'-').count() == 2;
    let keep = date || !core.contains(['-', '–']);
    let pieces: Vec<&str> = if keep {
        vec![core]
    } else {
        core.split(['-', '–']).collect()
    };
    pieces.into_iter().filter(|piece| !piece.is_empty())
}

fn read_plain(part: &str, after_break: &mut bool, found: &mut Vec<Word>) {
    let part = part.trim_matches(['\'', '’']);
    if part.chars().any(is_cjk) {
        return read_cjk(part, after_break, found);
    }
    let (base, rest) = part.split_once(['\'', '’']).unwrap_or((part, ""));
    let negated = rest.eq_ignore_ascii_case("t") && base.ends_with(['n', 'N']);
    if negated {
        let verb = match base.to_lowercase().as_str() {
            "can" => "can",
            "won" => "will",
            "shan" => "shall",
            "n" => "",
            _ => base.get(..base.len() - 1).unwrap_or(base),
        };
        if !verb.is_empty() {
            add(verb, WordKind::Plain, after_break, found);
        }
        add("not", WordKind::Plain, after_break, found);
    } else if base.eq_ignore_ascii_case("cannot") {
        add("can", WordKind::Plain, after_break, found);
        add("not", WordKind::Plain, after_break, found);
    } else if rest.chars().count() > 2 {
        add(base, WordKind::Plain, after_break, found);
        add(rest, WordKind::Plain, after_break, found);
    } else {
        add(base, WordKind::Plain, after_break, found);
    }
}

fn read_cjk(part: &str, after_break: &mut bool, found: &mut Vec<Word>) {
    let characters: Vec<char> = part.chars().take(MAX_TOKEN_CHARS * 4).collect();
    if let [only] = characters.as_slice() {
        return add(&only.to_string(), WordKind::Cjk, after_break, found);
    }
    for pair in characters.windows(2) {
        add(&pair.iter().collect::<String>(), WordKind::Cjk, after_break, found);
    }
}

fn is_cjk(c: char) -> bool {
    matches!(c as u32, 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x2FA1F)
}

fn add(raw: &str, kind: WordKind, after_break: &mut bool, found: &mut Vec<Word>) {
    let lower = normalise(raw);
    if lower.is_empty() {
        return;
    }
    let mut characters = raw.chars();
    let capital = characters.next().is_some_and(char::is_uppercase);
    let inner_capital = characters.any(char::is_uppercase);
    let stop = kind == WordKind::Plain && (is_stop_word(&lower) && !(inner_capital && capital));
    let stem = if kind == WordKind::Plain {
        stem(&lower)
    } else {
        lower.clone()
    };
    found.push(Word {
        lower,
        stem,
        kind,
        stop,
        capital,
        inner_capital,
        after_break: std::mem::take(after_break),
    });
}

fn normalise(raw: &str) -> String {
    folded(&raw.chars().take(MAX_TOKEN_CHARS).collect::<String>())
}

/// A text as words are compared: lower case, compatibility-normalised, without accents.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Only the accents of Latin, Greek and Cyrillic go: in other scripts a combining mark may be the vowel.
    let bare = text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}'));
    bare.flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::{WordKind, is_similar_stem, words};

    fn lowers(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.lower).collect()
    }

    #[test]
    fn contractions_become_two_words() {
        assert_eq!(
            lowers("It doesn't float and can't sink; cannot, won't"),
            [
                "it", "does", "not", "float", "and", "can", "not", "sink", "can", "not", "will", "not"
            ]
        );
    }

    #[test]
    fn addresses_paths_and_identifiers_stay_whole() {
        for code in [
            "user_id",
            "config.toml",
            "/v1/jobs",
            "--kb",
            "ops@example.com",
            "maxRetries",
            "store::tenant",
        ] {
            let found = words(&format!("Set {code}, then go."));
            assert!(
                found
                    .iter()
                    .any(|word| word.kind == WordKind::Code && word.lower == code.to_lowercase()),
                "{code}"
            );
        }
        assert!(lowers("See https://example.com/a/.").contains(&"example.com/a".to_owned()));
    }

    #[test]
    fn hyphens_split_numbers_from_units_and_keep_dates() {
        assert_eq!(lowers("a 36-hour window"), ["a", "36", "hour", "window"]);
        assert_eq!(lowers("5-10 on 2024-01-31"), ["5", "10", "on", "2024-01-31"]);
    }

    #[test]
    fn accents_and_width_do_not_matter_and_cjk_gives_pairs() {
        assert_eq!(lowers("Penélope ＡＢＣ"), ["penelope", "abc"]);
        assert_eq!(lowers("退款三天"), ["退款", "款三", "三天"]);
    }

    #[test]
    fn forms_of_one_word_are_similar_and_others_are_not() {
        assert!(is_similar_stem("elect", "electio"));
        assert!(!is_similar_stem("contract", "contradict"));
    }
}
