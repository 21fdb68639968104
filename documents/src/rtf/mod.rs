//! Rich Text Format (RTF 1.9.1), as word processors write it and mail programs keep it.

mod about;
mod charset;
mod fields;
mod reader;
mod state;
mod story;
mod styles;
mod table;
mod tokens;
mod words;

use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "Rich Text document";

/// Reads a document as Word's are read: what its author means to be read, in the order of the text. Left out are headers and footers, comments, deleted
/// and hidden text, tables of contents, pictures and equations. One that was cut off is read as far as it goes.
pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    let read = reader::Reader::read(bytes)?;
    let (headings, blocks) = read.outline.finish()?;
    let mut metadata = read.properties.metadata;
    if read.replaced > 0 {
        metadata.insert("characters_replaced".to_owned(), read.replaced.into());
    }
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: read.title.or(read.properties.title).or_else(|| headings.guessed()),
        metadata,
        blocks,
    })
}

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
