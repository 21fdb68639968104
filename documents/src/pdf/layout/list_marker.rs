const BULLETS: &str = "•◦▪●○■□‣⁃∙·–►➢✓✔❖";

/// An item's marker as Markdown writes it, and the text after it.
pub(super) fn split(line: &str) -> Option<(String, &str)> {
    let first = line.chars().next()?;
    let rest = line.get(first.len_utf8()..).unwrap_or_default();
    if BULLETS.contains(first) || matches!(first, '-' | '*' | 'o') && rest.starts_with(' ') {
        let text = rest.trim_start();
        let lone_letter = first == 'o' && !text.starts_with(char::is_uppercase);
        return (!text.is_empty() && !lone_letter).then(|| ("- ".to_owned(), text));
    }
    let (marker, text) = line.split_once(' ')?;
    let number = marker.strip_prefix('(').unwrap_or(marker).strip_suffix(['.', ')'])?;
    // "(415) 555-0199" is not an item.
    let longest = if marker.starts_with('(') { 2 } else { 3 };
    let is_number = !number.is_empty() && number.len() <= longest && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_lowercase());
    let text = text.trim_start();
    ((is_number || is_letter) && !text.is_empty()).then(|| (format!("{number}. "), text))
}

/// Only a marker, or only the number of a heading: "•", "3.", "(b)", "2.1".
pub(super) fn is_lone_marker(text: &str) -> bool {
    let mut chars = text.chars();
    let (first, second) = (chars.next(), chars.next());
    if second.is_none() && first.is_some_and(|first| BULLETS.contains(first) || matches!(first, '-' | '*' | 'o')) {
        return true;
    }
    split(&format!("{text} x")).is_some() || heading_number(&format!("{text} x")).is_some()
}

/// How many parts the number has that a heading starts with: 2 for "3.1 Results".
pub(super) fn heading_number(text: &str) -> Option<usize> {
    let (number, rest) = text.split_once(' ')?;
    let number = number.strip_suffix('.').unwrap_or(number);
    let parts: Vec<&str> = number.split('.').collect();
    let is_number = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let letter_first = parts.len() > 1
        && parts
            .first()
            .is_some_and(|part| part.len() == 1 && part.bytes().all(|b| b.is_ascii_uppercase()));
    let numbers = if letter_first {
        parts.get(1..).unwrap_or_default()
    } else {
        parts.as_slice()
    };
    (numbers.iter().all(is_number) && rest.chars().any(char::is_alphabetic)).then_some(parts.len())
}

#[cfg(test)]
mod tests {
    use super::{heading_number, is_lone_marker, split};

    #[test]
    fn markers_of_lists_are_told_from_text() {
        assert_eq!(split("• one"), Some(("- ".to_owned(), "one")));
        assert_eq!(split("12) twelve"), Some(("12. ".to_owned(), "twelve")));
        assert_eq!(split("(a) first"), Some(("a. ".to_owned(), "first")));
        for text in [
            "2024. was",
            "one two",
            "-5 degrees",
            "• ",
            "3.5 litres",
            "(415) 555-0199",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_of_headings_are_counted() {
        assert_eq!(heading_number("3.1 Results"), Some(2));
        assert_eq!(heading_number("A.2 Proof"), Some(2));
        assert_eq!(heading_number("2024 Results"), None);
        assert!(is_lone_marker("•") && is_lone_marker("2.1") && is_lone_marker("3."));
        assert!(!is_lone_marker("Name"));
    }
}
