/// The text on one line: every run of white space becomes one space, none is left at the ends.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Each line on its own by [`one_line`]; empty lines are dropped.
pub(crate) fn tidy_lines(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.split('\n').map(one_line).filter(|line| !line.is_empty()) {
        if !tidy.is_empty() {
            tidy.push('\n');
        }
        tidy.push_str(&line);
    }
    tidy
}

/// With a space where a NUL stands, which the database does not take: files pad values of a fixed length with it.
pub(crate) fn without_nul(text: String) -> String {
    match text.contains('\0') {
        true => text.replace('\0', " "),
        false => text,
    }
}

/// The longest start of `text` of at most `bytes` bytes that does not end inside a character.
pub(crate) fn truncate(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The text without blank lines at its ends; the first line keeps its indentation.
pub(crate) fn without_outer_blank_lines(text: &str) -> &str {
    let text = text.trim_end();
    let first = text.len() - text.trim_start().len();
    let line_start = text
        .get(..first)
        .and_then(|blank| blank.rfind('\n'))
        .map_or(0, |newline| newline + 1);
    text.get(line_start..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{one_line, tidy_lines, truncate, without_outer_blank_lines};

    #[test]
    fn runs_of_white_space_become_one_space() {
        assert_eq!(one_line(" a\t\n b\u{a0} c "), "a b c");
        assert_eq!(tidy_lines(" a  b \n\n  c"), "a b\nc");
    }

    #[test]
    fn cutting_never_splits_a_character() {
        assert_eq!(truncate("aé", 2), "a");
        assert_eq!(truncate("aé", 9), "aé");
    }

    #[test]
    fn code_keeps_the_indentation_of_its_first_line() {
        assert_eq!(without_outer_blank_lines("\n \n  a\n  b\n\n"), "  a\n  b");
    }
}
