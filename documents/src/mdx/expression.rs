/// Longer expressions are text.
const MAX_BYTES: usize = 16 * 1024;

/// The length of the `{expression}` at the start of `text`, braces included; `None` when it does not end.
///
/// Braces in strings, template literals and comments do not count.
pub(crate) fn len(text: &str) -> Option<usize> {
    if let Some(comment) = text.strip_prefix("{/*") {
        // Comments hold apostrophes, which are not strings.
        let end = crate::whitespace::truncate(comment, MAX_BYTES).find("*/")?;
        let rest = comment.get(end + 2..)?;
        let space = rest.len() - rest.trim_start().len();
        if rest.get(space..)?.starts_with('}') {
            return Some(3 + end + 2 + space + 1);
        }
    }
    let mut depth = 0_usize;
    let mut string: Option<u8> = None;
    let mut escaped = false;
    for (index, &byte) in text.as_bytes().iter().enumerate().take(MAX_BYTES) {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (string, byte) {
            (_, b'\\') => escaped = true,
            (Some(quote), _) if byte == quote => string = None,
            (Some(b'"' | b'\''), b'\n') => string = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => string = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text of an expression that is nothing but a string, as in `{" "}`; anything else shows what only a program knows.
pub(super) fn literal(expression: &str) -> Option<&str> {
    let inner = expression.strip_prefix('{')?.strip_suffix('}')?.trim();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let string = inner.strip_prefix(quote)?.strip_suffix(quote)?;
    (!string.contains(quote) && !string.contains(['$', '\\'])).then_some(string)
}

#[cfg(test)]
mod tests {
    use super::{len, literal};

    #[test]
    fn an_expression_ends_at_its_own_brace() {
        for whole in [
            "{a}",
            "{{a: 1}}",
            "{\"}\"}",
            "{`}`}",
            "{/* don't } */}",
            "{/* a\n\nb */ }",
            "{'\\'}'}",
        ] {
            assert_eq!(len(&format!("{whole} rest}}")), Some(whole.len()), "{whole}");
        }
        assert_eq!(len("{a"), None);
        assert_eq!(len("{/* a"), None);
    }

    #[test]
    fn only_a_bare_string_is_text() {
        assert_eq!(literal("{' '}"), Some(" "));
        assert_eq!(literal("{`a b`}"), Some("a b"));
        assert_eq!(literal("{a}"), None);
        assert_eq!(literal("{'a' + 'b'}"), None);
        assert_eq!(literal("{`${a}`}"), None);
    }
}
