use unicode_normalization::UnicodeNormalization;

/// Words that must stand in a chunk exactly so: letter for letter but for case, width and how much space is between them, and as whole words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    given: String,
    folded: String,
}

impl Phrase {
    /// `None` for one without a letter or a digit.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let given = text.into();
        let folded = Self::folded(&given);
        folded
            .chars()
            .any(char::is_alphanumeric)
            .then_some(Self { given, folded })
    }

    pub(crate) fn as_given(&self) -> &str {
        &self.given
    }

    /// How text is compared: NFKC, letters whose capitals are the same, and one space for any white space.
    pub(crate) fn folded(text: &str) -> String {
        let mut folded = String::with_capacity(text.len());
        for character in text.nfkc().flat_map(char::to_lowercase) {
            if character == '\u{ad}' {
                continue;
            }
            match character {
                'ß' => folded.push_str("ss"),
                'ς' => folded.push('σ'),
                _ if !character.is_whitespace() => folded.push(character),
                _ if !folded.ends_with(' ') => folded.push(' '),
                _ => {}
            }
        }
        folded.trim().to_owned()
    }

    /// Whether it stands in a text that [`Self::folded`] gave.
    pub(crate) fn is_in(&self, folded: &str) -> bool {
        let ends = (self.folded.chars().next(), self.folded.chars().next_back());
        let mut from = 0;
        while let Some(found) = folded.get(from..).and_then(|rest| rest.find(&self.folded)) {
            let (start, end) = (from + found, from + found + self.folded.len());
            let before = folded.get(..start).and_then(|text| text.chars().next_back());
            let after = folded.get(end..).and_then(|text| text.chars().next());
            if !splits_a_word(before, ends.0) && !splits_a_word(ends.1, after) {
                return true;
            }
            // The next may begin inside this one: `1.1` stands in `11.1.1`.
            from = start + ends.0.map_or(1, char::len_utf8);
        }
        false
    }
}

/// Between two letters of a script that puts spaces between its words.
fn splits_a_word(left: Option<char>, right: Option<char>) -> bool {
    let in_word =
        |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() && !crate::analysis::is_unspaced(c));
    in_word(left) && in_word(right)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn holds(text: &str, phrase: &str) -> bool {
        Phrase::new(phrase).unwrap().is_in(&Phrase::folded(text))
    }

    #[test]
    fn a_phrase_is_found_whatever_its_case_and_spacing() {
        assert!(holds("Set it to\n  Connection   Refused.", "connection refused"));
        assert!(holds("ＥＲＲＯＲ E-4012 occurred", "error e-4012"));
    }

    #[test]
    fn neither_order_nor_ending_nor_part_of_a_word_will_do() {
        assert!(!holds("refused connection", "connection refused"));
        assert!(!holds("connections refused", "connection refused"));
        assert!(!holds("error E-40123", "E-4012"));
        assert!(holds("error E-40123 and E-4012.", "E-4012"));
    }

    #[test]
    fn a_phrase_may_begin_inside_one_that_is_part_of_a_word() {
        assert!(holds("version 11.1.1.1", "1.1.1"));
        assert!(!holds("version 11.1.11", "1.1.1"));
    }

    #[test]
    fn letters_with_one_capital_are_one_letter() {
        assert!(holds("Η οδός και η ΟΔΟΣ", "οδος"));
        assert!(holds("η οδος", "ΟΔΟΣ"));
        assert!(holds("In der Straße", "STRASSE"));
        assert!(holds("IN DER STRASSE", "Straße"));
    }

    #[test]
    fn scripts_without_spaces_have_no_word_ends() {
        assert!(holds("返金手続きを開始します", "返金手続き"));
    }

    #[test]
    fn a_phrase_has_a_letter_or_a_digit() {
        assert_eq!(Phrase::new(" … "), None);
        assert_eq!(Phrase::new(""), None);
    }
}
