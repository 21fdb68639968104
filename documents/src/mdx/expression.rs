use std::ops::Range;

/// Longer expressions are text.
const MAX_BYTES: usize = 16 * 1024;

/// The length of the `{expression}` at the start of `text`, braces included; `None` when it does not end.
///
/// Braces in strings, template literals and comments do not count. An apostrophe within a word, as in the text of a tag, opens no string.
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
    let mut in_word = false;
    for (index, &byte) in text.as_bytes().iter().enumerate().take(MAX_BYTES) {
        if std::mem::take(&mut escaped) {
            continue;
        }
        let after_word = std::mem::replace(&mut in_word, byte.is_ascii_alphanumeric() || !byte.is_ascii());
        match (string, byte) {
            (_, b'\\') => escaped = true,
            (Some(quote), _) if byte == quote => string = None,
            (Some(b'"' | b'\''), b'\n') => string = None,
            (Some(_), _) => {}
            (None, b'\'') if after_word => {}
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
pub(super) fn literal(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix('{')?.strip_suffix('}')?.trim();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let string = inner.strip_prefix(quote)?.strip_suffix(quote)?;
    if quote == '`' && string.contains("${") {
        return None;
    }
    let mut text = String::new();
    let mut characters = string.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next()? {
                // A line end would end what the expression stands in.
                'n' => text.push(' '),
                escaped @ ('"' | '\'' | '`' | '$' | '\\') => text.push(escaped),
                _ => return None,
            },
            c if c == quote => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// Where the markup of `{condition && <p>…</p>}` stands in it: readers may see it, whatever the condition.
pub(super) fn conditional(expression: &str) -> Option<Range<usize>> {
    let begins_tag = |at: &usize| {
        let after = expression.get(at + 1..).unwrap_or_default();
        after.starts_with(|c: char| c.is_alphabetic() || c == '>')
    };
    let start = expression.match_indices('<').map(|(at, _)| at).find(begins_tag)?;
    let condition = expression.get(..start)?.trim_end();
    let condition = condition.strip_suffix('(').unwrap_or(condition).trim_end();
    let markup = expression.strip_suffix('}')?.trim_end();
    let markup = markup.strip_suffix(')').unwrap_or(markup).trim_end();
    (condition.ends_with("&&") && markup.ends_with('>')).then_some(start..markup.len())
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
        assert_eq!(literal("{' '}").as_deref(), Some(" "));
        assert_eq!(literal("{`a b`}").as_deref(), Some("a b"));
        assert_eq!(literal("{a}"), None);
        assert_eq!(literal("{'a' + 'b'}"), None);
        assert_eq!(literal("{`${a}`}"), None);
    }

    #[test]
    fn a_string_may_hold_a_dollar_and_what_is_escaped() {
        for (expression, text) in [
            ("{\"$\"}", "$"),
            ("{`$5`}", "$5"),
            ("{'${a}'}", "${a}"),
            ("{'it\\'s'}", "it's"),
            ("{\"a\\\\b\\nc\"}", "a\\b c"),
        ] {
            assert_eq!(literal(expression).as_deref(), Some(text), "{expression}");
        }
        for expression in ["{'a\\u00e4'}", "{'a' + '\\'b'}", "{'a\\'}", "{`${a}`}"] {
            assert_eq!(literal(expression), None, "{expression}");
        }
    }

    #[test]
    fn an_apostrophe_within_a_word_opens_no_string() {
        let whole = "{cond && <p>Don't do this.</p>}";
        assert_eq!(len(&format!("{whole} It's so.}}")), Some(whole.len()));
    }
}
