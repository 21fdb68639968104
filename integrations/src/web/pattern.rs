/// Whether `text` begins as `pattern` says: `*` is anything, and `$` at the end is the end (RFC 9309, 2.2.3). Takes time in proportion to both
/// lengths, however many stars there are: the first place where each piece fits leaves most room for those after it.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.split_once(before) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    match last {
        // No star at all.
        None => !to_the_end || rest.is_empty(),
        Some(piece) if to_the_end => rest.ends_with(piece),
        Some(piece) => rest.contains(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_the_end_mean_what_the_standard_says() {
        for (pattern, text) in [
            ("/", "/fish"),
            ("/fish", "/fish.html"),
            ("/fish*", "/fishheads"),
            ("/*.php", "/folder/any.php.file.html"),
            ("/*.php$", "/folder/x.php"),
            ("/fish*.php", "/fishheads/catfish.php?x"),
            ("/a*b*c$", "/a-bb-b-c"),
            ("*", "/anything"),
            ("/$", "/"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/fish", "/catfish"),
            ("/*.php$", "/x.php?y"),
            ("/*.php$", "/x.php5"),
            ("/fish*.php", "/Fish.php"),
            ("/$", "/a"),
            ("/a*b*c$", "/a-c-b"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_few() {
        let pattern = format!("{}b", "a*".repeat(1000));
        assert!(!matches(&pattern, &"a".repeat(100_000)));
    }
}
