use crate::outline::Outline;
use crate::{BlockKind, ParseError, ParsedDocument};

/// Blank lines separate paragraphs; lines within one are kept. A title is not invented.
pub(crate) fn parse(text: &str) -> Result<ParsedDocument, ParseError> {
    let mut outline = Outline::default();
    let mut paragraph = String::new();
    for line in text.split('\n').chain([""]) {
        if !line.trim().is_empty() {
            paragraph.push_str(line.trim_end());
            paragraph.push('\n');
        } else if !paragraph.is_empty() {
            outline.push(BlockKind::Paragraph, paragraph.trim_end().to_owned());
            paragraph.clear();
        }
    }
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        blocks,
        ..ParsedDocument::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::parse;

    #[test]
    fn blank_lines_separate_paragraphs_and_no_title_is_invented() {
        let document = parse("First\nline two  \n \t\n\n# not a heading").unwrap();
        let texts: Vec<_> = document.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(texts, ["First\nline two", "# not a heading"]);
        assert_eq!(document.title, None);
    }
}
