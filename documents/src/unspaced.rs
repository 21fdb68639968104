//! Lines that end inside a sentence of a script without spaces.

/// A line of plain text may be as short because its writer ended it; a wrapped one is longer. In characters, each as wide as two letters.
const MIN_WRAPPED: usize = 20;

/// Chinese, Japanese: no spaces between words. (Korean has them.)
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{2FA1F}')
}

/// Whether a space belongs between two texts of a line.
pub(crate) fn wants_space(before: &str, after: &str) -> bool {
    match (before.chars().next_back(), after.chars().next()) {
        (Some(before), Some(after)) => !(is_unspaced(before) && is_unspaced(after)),
        _ => false,
    }
}

/// Whether a line of plain text ended only because it was full, inside a word or a sentence of such a script.
pub(crate) fn is_wrapped(line: &str, next: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| is_unspaced(c) && c.is_alphanumeric());
    letter(line.chars().next_back())
        && letter(next.chars().next())
        && line.chars().filter(|c| is_unspaced(*c)).take(MIN_WRAPPED).count() == MIN_WRAPPED
}
