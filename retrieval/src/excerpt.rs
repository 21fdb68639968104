use std::ops::Range;

/// The words of one piece of `text`, with `…` where it was cut and white space made single; empty where `place` is no piece of it.
pub fn excerpt(text: &str, place: Range<usize>) -> String {
    let Some(piece) = text.get(place.clone()).map(str::trim).filter(|piece| !piece.is_empty()) else {
        return String::new();
    };
    let words: Vec<&str> = piece.split_whitespace().collect();
    let head = if place.start > 0 { "…" } else { "" };
    let tail = if place.end < text.len() { "…" } else { "" };
    format!("{head}{}{tail}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn cuts_are_marked_and_white_space_is_single() {
        let text = "We refund\nwithin  14 days.";
        assert_eq!(excerpt(text, 0..text.len()), "We refund within 14 days.");
        assert_eq!(excerpt(text, 3..16), "…refund within…");
    }

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_is_empty() {
        assert_eq!(excerpt("über", 1..3), "");
        assert_eq!(excerpt("über", 2..99), "");
        assert_eq!(excerpt("a   b", 1..4), "");
    }
}
