use crate::whitespace::one_line;

/// What the description of a picture says to a reader; `None` when it is a file name or a number.
pub(crate) fn alt_text(description: &str) -> Option<String> {
    let text = one_line(description);
    // Followed, in some versions, by how sure Office is of it.
    let text = text
        .split("Description automatically generated")
        .next()
        .unwrap_or_default();
    let text = text
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

    #[test]
    fn what_office_says_of_its_own_description_is_no_description() {
        for level in ["low", "medium", "high"] {
            let text = format!("A red car\n\nDescription automatically generated with {level} confidence");
            assert_eq!(alt_text(&text).as_deref(), Some("A red car"));
        }
        assert_eq!(
            alt_text("Description automatically generated with low confidence"),
            None
        );
    }
}
