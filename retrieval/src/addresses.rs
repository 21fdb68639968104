//! Where links lead, as the chunks of documents say it: `this form (https://…)`.

use std::borrow::Cow;

const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// A text as its page shows it, without the addresses behind its links.
pub(crate) fn without_addresses(text: &str) -> Cow<'_, str> {
    let mut without = String::new();
    let (mut kept, mut from) = (0, 0);
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(" (")) {
        let start = from + found;
        from = start + 2;
        let inside = text.get(from..).unwrap_or_default();
        let leads = SCHEMES.iter().any(|scheme| {
            let begins = inside.get(..scheme.len());
            begins.is_some_and(|begins| begins.eq_ignore_ascii_case(scheme))
        });
        if !leads {
            continue;
        }
        let end = inside.find(|c: char| c == ')' || c.is_whitespace());
        from += end.unwrap_or(inside.len());
        if text.get(from..).is_some_and(|rest| rest.starts_with(')')) {
            without.push_str(text.get(kept..start).unwrap_or_default());
            from += 1;
            kept = from;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    without.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(without)
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn addresses_in_brackets_are_left_out() {
        for (text, without) in [
            (
                "Use this form (https://a.example/?X=1), or write (mailto:a@b.c).",
                "Use this form, or write.",
            ),
            ("a (http://b c) d (https://e", "a (http://b c) d (https://e"),
            ("none (see below)", "none (see below)"),
            ("ü (https://a.example/ü) ü", "ü ü"),
        ] {
            assert_eq!(without_addresses(text), without);
        }
        let open = " (https://a".repeat(50_000);
        assert_eq!(without_addresses(&open), open);
    }
}
