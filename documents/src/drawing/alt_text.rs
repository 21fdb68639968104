use crate::whitespace::one_line;

/// What the description of a picture says to a reader; `None` when it is a file name or a number.
pub(crate) fn alt_text(description: &str) -> Option<String> {
    let text = one_line(description);
    let text = text
        .trim_end_matches("Description automatically generated")
        .trim_end_matches("AI-generated content may be incorrect.")
        .trim()
        .to_owned();
    let is_file_name = !text.contains(' ') && text.contains(['.', '/', '\\', '_']);
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let is_numbered = matches!(
        name.to_lowercase().as_str(),
        "" | "picture" | "image" | "bild" | "grafik" | "graphic" | "chart" | "diagram" | "object" | "img"
    );
    (!is_file_name && !is_numbered).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::alt_text;

    #[test]
    fn file_names_and_numbers_describe_nothing() {
        for description in ["", "image1.png", "Picture 12", "IMG_2033", "  "] {
            assert_eq!(alt_text(description), None, "{description}");
        }
        assert_eq!(
            alt_text("The settings page\n\nDescription automatically generated").as_deref(),
            Some("The settings page")
        );
    }
}
