//! Scripts that are written from right to left.

use unicode_normalization::UnicodeNormalization;

/// Hebrew, Arabic and the scripts between, with their presentation forms.
pub(in crate::pdf) fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' | '\u{10800}'..='\u{10FFF}')
        && !c.is_numeric()
}

/// Most of its letters are written from right to left.
pub(super) fn reads_right_to_left(text: &str) -> bool {
    let (mut to_left, mut others) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        if is_right_to_left(c) { to_left += 1 } else { others += 1 }
    }
    to_left > others
}

/// A word in reading order from its pieces in the order they stand on the page, left to right.
pub(super) fn word_in_reading_order(pieces: &[String]) -> String {
    let joined = pieces.concat();
    if !joined.chars().any(is_right_to_left) {
        return joined;
    }
    let mut word = String::with_capacity(joined.len());
    let mut numbers: Vec<&str> = Vec::new();
    for piece in pieces.iter().rev() {
        if piece.chars().all(|c| c.is_numeric() || c.is_ascii_alphabetic()) {
            numbers.push(piece);
            continue;
        }
        word.extend(numbers.drain(..).rev());
        match piece.as_str() {
            "(" => word.push(')'),
            ")" => word.push('('),
            "[" => word.push(']'),
            "]" => word.push('['),
            _ => word.push_str(piece),
        }
    }
    word.extend(numbers.drain(..).rev());
    word
}

/// Words that stand left to right, in the order they are read: reversed in a line of a right-to-left script, but for the runs of
/// other words in it.
pub(super) fn words_in_reading_order(words: Vec<&str>) -> Vec<&str> {
    if !reads_right_to_left(&words.concat()) {
        return words;
    }
    let mut ordered = Vec::with_capacity(words.len());
    let mut others: Vec<&str> = Vec::new();
    for word in words.into_iter().rev() {
        if word.chars().any(is_right_to_left) || !word.chars().any(char::is_alphanumeric) {
            ordered.extend(others.drain(..).rev());
            ordered.push(word);
        } else {
            others.push(word);
        }
    }
    ordered.extend(others.drain(..).rev());
    ordered
}

/// Ligatures and presentation forms as letters, spaces of any width as one, nothing invisible.
pub(super) fn plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{FB00}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' => plain.extend(std::iter::once(c).nfkc()),
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => {}
            // Private use: bullets of symbol fonts.
            '\u{F0B7}' | '\u{F0A7}' | '\u{F0D8}' | '\u{F06E}' | '\u{F076}' => plain.push('•'),
            '\u{E000}'..='\u{F8FF}' => {}
            _ if c.is_control() => plain.push(' '),
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{plain_letters, word_in_reading_order, words_in_reading_order};

    fn pieces(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn hebrew_drawn_from_left_to_right_is_turned_and_numbers_are_not() {
        assert_eq!(word_in_reading_order(&pieces("םולש")), "שלום");
        assert_eq!(word_in_reading_order(&pieces("(12ב)")), "(ב12)");
        assert_eq!(
            words_in_reading_order(vec!["two", "one", "םיכ", "םולש"]),
            ["םולש", "םיכ", "two", "one"]
        );
        assert_eq!(words_in_reading_order(vec!["a", "b"]), ["a", "b"]);
    }

    #[test]
    fn ligatures_become_letters() {
        assert_eq!(plain_letters("e\u{FB03}cient \u{F0B7}\u{200B}"), "efficient •");
    }
}
