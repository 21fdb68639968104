/// Sets a raised number apart from what it follows: `10^6` for what begins at byte `start` and would be read as `106`. Letters stay where they
/// are (`1st`, `Mme`), and so do the marks of brands.
pub(crate) fn mark(text: &mut String, start: usize) {
    let (before, raised) = text.split_at_checked(start).unwrap_or((text, ""));
    let follows = before.ends_with(|c: char| c.is_alphanumeric() || c == ')');
    if follows && is_number(raised.trim_end()) {
        text.insert(start, '^');
    }
}

fn is_number(text: &str) -> bool {
    let is_sign = |c| matches!(c, '+' | '-' | '\u{2212}' | '\u{2013}' | '.' | ',' | '/');
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || is_sign(c))
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn raised_numbers_are_set_apart_and_letters_are_not() {
        for (before, raised, expected) in [
            ("10", "6", "10^6"),
            ("10", "\u{2212}3", "10^\u{2212}3"),
            ("Ca", "2+", "Ca^2+"),
            ("m", "2 ", "m^2 "),
            ("(a+b)", "2", "(a+b)^2"),
            ("1", "st", "1st"),
            ("M", "me", "Mme"),
            ("n", "o", "no"),
            ("Lamp", "®", "Lamp®"),
            ("", "14", "14"),
            ("see ", "1", "see 1"),
            ("ends.", "1", "ends.1"),
        ] {
            let mut text = format!("{before}{raised}");
            mark(&mut text, before.len());
            assert_eq!(text, expected);
        }
    }
}
