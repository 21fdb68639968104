mod esm;
mod expression;
mod flatten;
mod frames;
mod lists;
mod markup;

pub(crate) use esm::imports_components;
pub(crate) use expression::len as expression_len;

use crate::markdown::{self, Indented};
use crate::{ParseError, ParsedDocument, front_matter};

/// Reads MDX: module statements, tags, comments and expressions go, the text they enclose and their readable attributes stay,
/// and what remains is read as Markdown.
pub(crate) fn parse(text: &str) -> Result<ParsedDocument, ParseError> {
    let (metadata, body) = front_matter::split(text);
    let markdown = flatten::to_markdown(&esm::remove(body));
    markdown::document(metadata, &markdown, Indented::Paragraph)
}

#[cfg(test)]
mod tests;
