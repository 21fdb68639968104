use crate::BlockKind;
use crate::outline::Outline;
use crate::whitespace::without_outer_blank_lines;

/// A longer name is no name of a language.
const MAX_LANGUAGE_BYTES: usize = 30;

/// Adds a block of code between fences. `language` is what it is written in, empty where nothing says so.
pub(crate) fn push_code(code: &str, language: &str, outline: &mut Outline) {
    let code = without_outer_blank_lines(code);
    if code.trim().is_empty() {
        return;
    }
    let named =
        language.len() <= MAX_LANGUAGE_BYTES && language.chars().all(|c| c.is_alphanumeric() || "+-#._".contains(c));
    let language = if named { language } else { "" };
    let fence = "`".repeat(longest_run_of_backticks(code).max(2) + 1);
    outline.push(BlockKind::Code, format!("{fence}{language}\n{code}\n{fence}"));
}

/// The opening fence with its language, the code, and the closing fence, of a text that [`push_code`] made.
pub(crate) fn fences(text: &str) -> Option<(&str, &str, &str)> {
    let (opening, rest) = text.split_once('\n')?;
    let (code, closing) = rest.rsplit_once('\n')?;
    (opening.starts_with("```") && closing.starts_with("```")).then_some((opening, code, closing))
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{fences, push_code};
    use crate::outline::Outline;

    fn pushed(code: &str, language: &str) -> Vec<String> {
        let mut outline = Outline::default();
        push_code(code, language, &mut outline);
        let (_, blocks) = outline.finish().unwrap();
        blocks.into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn code_stands_between_fences_that_it_does_not_close() {
        assert_eq!(pushed("\nlet a;\n", "rust"), ["```rust\nlet a;\n```"]);
        assert_eq!(pushed("a\n````\nb", "not a name"), ["`````\na\n````\nb\n`````"]);
        assert!(pushed(" \n", "rust").is_empty());
    }

    #[test]
    fn fences_are_taken_off_again() {
        assert_eq!(fences("```sh\nls\n\ncd\n```"), Some(("```sh", "ls\n\ncd", "```")));
        assert_eq!(fences("no fence\nat all"), None);
    }
}
