use crate::unspaced::wants_space;

/// Of a word that is looked at for what it is.
const MAX_WORD_BYTES: usize = 200;

/// Appends a line to running text: with a space, without one between Chinese or Japanese characters, and a word that was
/// hyphenated at the line's end made whole.
pub(super) fn append(text: &mut String, line: &str) {
    if text.is_empty() {
        text.push_str(line);
        return;
    }
    let is_divided = || ends_hyphenated(text) && line.starts_with(char::is_lowercase) && !has_own_hyphen(text);
    let broken = text.ends_with('\u{AD}') || is_divided();
    let before_sign = text.ends_with(['-', '/']) && !text.ends_with(" -") && line.starts_with(char::is_alphanumeric);
    if broken {
        text.pop();
        text.push_str(line);
    } else if before_sign || ends_hyphenated(text) {
        text.push_str(line);
    } else {
        if wants_space(text, line) {
            text.push(' ');
        }
        text.push_str(line);
    }
}

/// The word at the end is an address or a compound, `state-of-the-`, whose hyphens are its own wherever a line ends.
fn has_own_hyphen(text: &str) -> bool {
    let from = text.floor_char_boundary(text.len().saturating_sub(MAX_WORD_BYTES));
    let word = text.get(from..).and_then(|end| end.split_whitespace().next_back());
    let before = word.and_then(|word| word.strip_suffix(['-', '\u{2010}']));
    before.is_some_and(|before| before.contains(['/', '@', '-', '\u{2010}']))
}

/// A letter and a hyphen.
fn ends_hyphenated(text: &str) -> bool {
    let Some(before) = text.strip_suffix(['-', '\u{2010}']) else {
        return false;
    };
    before.ends_with(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::append;

    fn joined(lines: &[&str]) -> String {
        let mut text = String::new();
        lines.iter().for_each(|line| append(&mut text, line));
        text
    }

    #[test]
    fn hyphenated_words_are_made_whole_and_other_hyphens_stay() {
        assert_eq!(joined(&["We under-", "stand the"]), "We understand the");
        assert_eq!(joined(&["the Anglo-", "Saxon"]), "the Anglo-Saxon");
        assert_eq!(
            joined(&["a state-of-the-", "art long-", "lived lamp"]),
            "a state-of-the-art longlived lamp"
        );
        assert_eq!(
            joined(&[
                "see https://a.example/price-",
                "list.html or write to help-desk@a-",
                "firm.example"
            ]),
            "see https://a.example/price-list.html or write to help-desk@a-firm.example"
        );
        assert_eq!(joined(&["from 3 -", "four"]), "from 3 - four");
        assert_eq!(joined(&["a soft\u{AD}", "ware"]), "a software");
        assert_eq!(joined(&["one", "two"]), "one two");
        assert_eq!(joined(&["返金は", "三十日"]), "返金は三十日");
    }
}
