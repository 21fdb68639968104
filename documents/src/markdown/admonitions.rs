use super::fence::Fence;

/// Removes the markers of Docusaurus admonitions (`:::note Title`, `:::note[Title]`, `:::`) outside code; titles become
/// paragraphs (<https://docusaurus.io/docs/markdown-features/admonitions>).
pub(super) fn unwrap(text: &str) -> String {
    let mut unwrapped = String::with_capacity(text.len());
    let mut fence: Option<Fence> = None;
    for line in text.split_inclusive('\n') {
        if let Some(open) = fence {
            if open.closed_by(line) {
                fence = None;
            }
            unwrapped.push_str(line);
            continue;
        }
        fence = Fence::opened_by(line);
        match marker(line) {
            Some((indent, title)) => {
                unwrapped.push('\n');
                if !title.is_empty() {
                    unwrapped.push_str(&format!("{indent}{title}\n\n"));
                }
            }
            None => unwrapped.push_str(line),
        }
    }
    unwrapped
}

/// The indentation and the title of an admonition's marker line.
fn marker(line: &str) -> Option<(&str, &str)> {
    let content = line.trim_start();
    let indent = line.get(..line.len() - content.len())?;
    let after_colons = content.trim_start_matches(':');
    if content.len() - after_colons.len() < 3 {
        return None;
    }
    let keyword_and_title = after_colons.trim();
    let title = keyword_and_title
        .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .trim();
    let title = title
        .strip_prefix('[')
        .and_then(|title| title.strip_suffix(']'))
        .unwrap_or(title);
    Some((indent, title))
}

#[cfg(test)]
mod tests {
    use super::unwrap;

    #[test]
    fn markers_go_and_titles_and_text_stay() {
        assert_eq!(unwrap(":::note\nText\n:::\n"), "\nText\n\n");
        assert_eq!(unwrap(":::tip Using it?\nText\n:::"), "\nUsing it?\n\nText\n\n");
        assert_eq!(
            unwrap("  ::::danger[Careful]\n  Text\n  ::::"),
            "\n  Careful\n\n  Text\n\n"
        );
    }

    #[test]
    fn code_keeps_its_colons() {
        let code = "```\n:::note\n```\n";
        assert_eq!(unwrap(code), code);
    }
}
