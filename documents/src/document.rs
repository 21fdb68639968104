use crate::Image;
use serde::{Deserialize, Serialize};

/// A document as read: what it calls itself, and its text in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedDocument {
    /// From front matter, `<title>`, or the properties of the file, unless a program filled it in; else the heading of the first level that opens the
    /// document and names no part of it. Never invented. One line, at most 300 characters.
    pub title: Option<String>,
    /// Front matter; `description` and `lang` of a web page; `author`, `created`, `modified`, `lang`, `description`, `subject` and `keywords` of
    /// an Office file or a book; how many of the pictures in it were read, and how many not (`pictures_recognised`, `pictures_not_read`); how often something in a damaged text could not be read (`characters_replaced`). Holds no NUL character.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// The text in reading order; at least one block has a letter or a digit. A picture has none. None holds a NUL character, in its text or its headings.
    pub blocks: Vec<Block>,
    /// What a picture is; `None` of everything else.
    pub image: Option<Image>,
    /// Pages of a PDF, from 1, that are pictures: they show something and have no text but, at most, a stamp's, or their signs do not say what they are. Of an Office file, a book and a
    /// message, the pictures in it that are large enough to have words on them, and such pages of PDFs in it, by their numbers in the order of the document. A recogniser may read
    /// them, from what [`draw`](crate::draw) draws.
    pub pictures: Vec<usize>,
}

/// One paragraph, list item, table or listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The headings it stands under, outermost first; each is one line of at most 200 bytes.
    pub headings: Vec<String>,
    /// What the text is, which decides how it is cut.
    pub kind: BlockKind,
    /// Plain text. List items carry their marker (`- `, `3. `) and two spaces of indentation a level; the cells of a
    /// table row are joined by ` | `, one row a line. The address of a link stands in brackets after its words. Code stands between fences, the first of which names its language where that is known.
    pub text: String,
}

/// What a [`Block`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Running text.
    Paragraph,
    /// One item of a list, or a further paragraph of one.
    ListItem,
    /// A table; its first line is the header.
    Table,
    /// Preformatted text, cut at lines.
    Code,
    /// A paragraph inside a block quotation.
    Quote,
    /// A heading with nothing under it, or one too long for [`Block::headings`].
    Heading,
}
