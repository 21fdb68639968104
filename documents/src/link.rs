//! Where links lead: `this form (https://…)`. People see it; what is embedded and searched by words goes without.

use std::borrow::Cow;
use std::ops::Range;

/// Longer addresses lead to one visit, not to a page, and are left out.
const MAX_ADDRESS_BYTES: usize = 500;
/// Each byte may have been written as three.
const MAX_SHOWN_BYTES: usize = 3 * MAX_ADDRESS_BYTES;
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// What is to stand after the words of a link: a space, and its address in brackets. `None` where it leads to a place on the page or relative to it, whose
/// address nobody knows, where the words say the address already, and where there are none.
pub(crate) fn address_after(words: &str, target: &str) -> Option<String> {
    let target = target.trim();
    let scheme = scheme_of(target)?;
    let rest = target.get(scheme.len()..)?;
    let address = match scheme {
        // Without the subject of the letter.
        "mailto:" => rest.split('?').next().unwrap_or(rest),
        _ => rest.trim_end_matches('/'),
    };
    let is_said = without_scheme(words.trim()).trim_end_matches('/') == address;
    if target.len() > MAX_ADDRESS_BYTES || is_said || !words.contains(char::is_alphanumeric) {
        return None;
    }
    let mut shown = format!(" ({scheme}");
    for c in rest.chars() {
        match c {
            // They would end it.
            '(' => shown.push_str("%28"),
            ')' => shown.push_str("%29"),
            c if c.is_whitespace() => shown.push_str("%20"),
            c if c.is_control() => {}
            c => shown.push(c),
        }
    }
    shown.push(')');
    Some(shown)
}

/// Where in `text` addresses in brackets stand, each with the space before it.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(" (")?;
            from = start + 2;
            let address = text.get(from..)?;
            if scheme_of(address).is_none() {
                continue;
            }
            let within = address
                .get(..address.floor_char_boundary(MAX_SHOWN_BYTES + 1))
                .unwrap_or(address);
            let end = within.find(|c: char| c == ')' || c.is_whitespace());
            if let Some(end) = end.filter(|end| address.get(*end..).is_some_and(|rest| rest.starts_with(')'))) {
                from += end + 1;
                return Some(start..from);
            }
        }
    })
}

/// The text without the addresses in it.
pub(crate) fn without_addresses(text: &str) -> Cow<'_, str> {
    let mut without = String::new();
    let mut from = 0;
    for address in addresses(text) {
        without.push_str(text.get(from..address.start).unwrap_or_default());
        from = address.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    without.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(without)
}

fn scheme_of(target: &str) -> Option<&'static str> {
    let starts = |scheme: &&str| {
        let start = target.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && target.len() > scheme.len()
    };
    SCHEMES.into_iter().find(starts)
}

fn without_scheme(words: &str) -> &str {
    let scheme = scheme_of(words).unwrap_or_default();
    words.get(scheme.len()..).unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use super::{address_after, without_addresses};

    #[test]
    fn an_address_follows_words_that_do_not_say_it() {
        for (words, target, shown) in [
            (
                "this form",
                "https://a.example/x?y=1",
                Some(" (https://a.example/x?y=1)"),
            ),
            ("this form", " HTTP://a.example ", Some(" (http://a.example)")),
            ("write to us", "mailto:a@b.example", Some(" (mailto:a@b.example)")),
            ("a@b.example", "mailto:a@b.example?subject=Hello", None),
            ("https://a.example/x/", "https://a.example/x", None),
            ("a.example/x", "https://a.example/x/", None),
            ("below", "#below", None),
            ("next page", "next.html", None),
            ("next page", "//a.example/next", None),
            ("run", "javascript:run()", None),
            ("nowhere", "https://", None),
            ("→", "https://a.example", None),
            (
                "(x) y",
                "https://a.example/(x) y",
                Some(" (https://a.example/%28x%29%20y)"),
            ),
        ] {
            assert_eq!(address_after(words, target).as_deref(), shown, "{words} {target}");
        }
        let long = |bytes: usize| address_after("x", &format!("https://{}", "a".repeat(bytes)));
        assert!(long(492).is_some() && long(493).is_none());
    }

    #[test]
    fn addresses_in_brackets_are_taken_out_again() {
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
        let words = " (("; // Nothing is looked through twice.
        assert_eq!(without_addresses(&words.repeat(100_000)).len(), 300_000);
        let open = " (https://a".repeat(50_000);
        assert_eq!(without_addresses(&open), open);
    }
}
