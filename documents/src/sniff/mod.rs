//! What a document is: its bytes decide, and what was said of it only where they cannot tell.

mod compound_file;
mod said;
mod signatures;
mod text;
mod zip_archive;

pub use said::Said;
pub(crate) use text::is_binary;

use crate::{Format, ParseError};

impl Format {
    /// Finds out what a document is. Looks at the first bytes, into the list of a ZIP archive's files and of a compound file's
    /// streams, and at the beginning of a text; takes time linear in the size of `bytes` at worst.
    ///
    /// What was said decides between formats whose files look alike: Markdown, MDX and plain text, CSV and text, JSON and text, a piece of HTML
    /// and text.
    ///
    /// # Errors
    /// [`ParseError::Unsupported`] for what is known and not read, [`ParseError::Encrypted`], [`ParseError::Damaged`] for an archive without
    /// its directory, and [`ParseError::Mismatch`] where the bytes are not what was said, and nothing better.
    pub fn detect(bytes: &[u8], said: &Said<'_>) -> Result<Format, ParseError> {
        if is_pdf(bytes, said) {
            return Ok(Format::Pdf);
        }
        if bytes.starts_with(zip_archive::SIGNATURE) || bytes.starts_with(zip_archive::EMPTY_SIGNATURE) {
            return zip_archive::format(bytes, said);
        }
        if bytes.starts_with(compound_file::SIGNATURE) {
            return compound_file::format(bytes, said);
        }
        if signatures::is_rich_text(bytes) {
            return Ok(Format::Rtf);
        }
        if let Some(format) = signatures::image(bytes) {
            return Ok(format);
        }
        if let Some(error) = signatures::unsupported(bytes) {
            return Err(error);
        }
        text::format(bytes, said)
    }
}

/// A PDF may begin with other bytes (Appendix H of its reference: anywhere in the first 1,024), but a text may as well speak of `%PDF-`.
fn is_pdf(bytes: &[u8], said: &Said<'_>) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let found = head.windows(5).position(|window| window == b"%PDF-");
    let tail = bytes.get(bytes.len().saturating_sub(2048)..).unwrap_or(bytes);
    let ends = || tail.windows(5).any(|window| window == b"%%EOF");
    match found {
        Some(0) => true,
        Some(_) => said.format() == Some(Format::Pdf) || ends(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
