mod boundaries;
mod cut;
mod draft;
mod finish;
mod image;
mod pack;
mod place;
mod prefix;
mod split_long;
mod table;
mod tokens;

pub use image::{chunk_image, image_hash};
pub use tokens::CountTokens;

use crate::{Image, ParsedDocument};

/// How large chunks become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkOptions {
    /// What the model takes, special tokens already subtracted. No chunk has more.
    pub max_tokens: usize,
    /// How much of the text before a cut is repeated after it, in whole sentences; only where one long paragraph is cut.
    pub overlap_tokens: usize,
}

/// A piece of a document that is embedded, indexed and cited as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Position in the document, from 0.
    pub ordinal: u32,
    /// The headings that all of the text stands under, outermost first.
    pub headings: Vec<String>,
    /// What people read. Where a chunk holds several small sections, their headings stand in it as lines `## Heading`.
    pub text: String,
    /// What is embedded and keyword-indexed: title and headings on the first line, then the text without the addresses that stand in brackets after the words
    /// of links.
    pub embed_text: String,
    /// Tokens of `embed_text`.
    pub tokens: usize,
    /// SHA-256 of what is embedded: of `embed_text`, or of that and the picture ([`image_hash`]).
    pub embed_hash: [u8; 32],
    /// Stable within the document: hex SHA-256 of headings and text, or of the picture, `-`, and how many chunks with the same came before. An
    /// edit elsewhere in the document keeps it.
    pub key: String,
    /// What is embedded with `embed_text`, where the document is a picture.
    pub image: Option<Image>,
}

/// Cuts a document into chunks that follow its structure and fit the model.
///
/// `title` opens every `embed_text`. Every block, sentence and value after its column's name is counted once and every finished chunk once more, so the calls to
/// `tokens` grow with the number of pieces and the text they see with the size of the document. A character that alone
/// has more than `max_tokens` tokens is left out.
#[must_use]
pub fn chunk(document: &ParsedDocument, title: &str, options: &ChunkOptions, tokens: &dyn CountTokens) -> Vec<Chunk> {
    if options.max_tokens == 0 {
        return Vec::new();
    }
    let title = crate::whitespace::one_line(title);
    let prefixes = prefix::Prefixes::new(&title, options.max_tokens, tokens);
    let mut finish = finish::Finish::new(options.max_tokens, &prefixes, tokens);
    pack::pack(&document.blocks, &title, options, &prefixes, tokens, &mut finish);
    finish.chunks
}

#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole_tests;
