mod admonitions;
mod events;
pub(crate) mod fence;
mod html_blocks;
mod raw_html;

use serde_json::Value;

use crate::outline::{Outline, title};
use crate::titles::is_nobodys;
use crate::{BlockKind, ParseError, ParsedDocument, front_matter};

/// How indented text is read: as code in CommonMark, as a paragraph in MDX, which has no indented code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Indented {
    Code,
    Paragraph,
}

pub(crate) fn parse(text: &str) -> Result<ParsedDocument, ParseError> {
    let (metadata, body) = front_matter::split(text);
    document(metadata, body, Indented::Code)
}

/// Reads the Markdown after front matter. The front matter's `description` opens the document as a paragraph.
pub(crate) fn document(
    metadata: serde_json::Map<String, Value>,
    body: &str,
    indented: Indented,
) -> Result<ParsedDocument, ParseError> {
    let mut outline = Outline::default();
    if let Some(description) = metadata.get("description").and_then(Value::as_str) {
        outline.push(BlockKind::Paragraph, crate::whitespace::tidy_lines(description));
    }
    events::read(&admonitions::unwrap(body), indented, &mut outline)?;
    let (headings, blocks) = outline.finish()?;
    let title = metadata
        .get("title")
        .and_then(Value::as_str)
        .filter(|title| !is_nobodys(title))
        .and_then(title)
        .or_else(|| headings.declared());
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title,
        metadata,
        blocks,
    })
}

#[cfg(test)]
mod tests;
