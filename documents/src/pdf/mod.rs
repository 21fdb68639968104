//! Reads the text layer of a PDF. `content` draws the pages into glyphs and ruling lines; everything under `layout` is
//! independent of the library that did.

mod cid_text;
mod content;
mod document_info;
mod font_weights;
mod layout;
mod stream_sizes;

use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::outline::Outline;
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "PDF";
/// More pages than this are refused.
const MAX_PAGES: usize = 5_000;

pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    stream_sizes::check(bytes)?;
    let owned = bytes.to_vec();
    let pdf = content::guarded(move || Pdf::new(owned))?.map_err(load_error)?;
    let pages = content::guarded(|| pdf.pages().len())?;
    if pages > MAX_PAGES {
        return Err(ParseError::TooLarge {
            format: FORMAT,
            what: "its number of pages".to_owned(),
            limit: "5,000 pages",
        });
    }
    let content = content::read(&pdf)?;
    let without_text = content.pages_without_text;
    if pages > 0 && without_text.len() == pages && content.something_is_drawn {
        return Err(ParseError::NoTextLayer { pages });
    }
    let mut outline = Outline::default();
    layout::append(content.pages, &mut outline);
    let (first_heading, blocks) = outline.finish()?;
    let info = content::guarded(|| document_info::read(&pdf, &without_text))?;
    // "1 Introduction" is where a document begins, not what it is called.
    let first_heading = first_heading
        .filter(|heading| !layout::is_numbered(heading))
        .and_then(|heading| crate::outline::title(&heading));
    Ok(ParsedDocument {
        image: None,
        title: info.title.or(first_heading),
        metadata: info.metadata,
        blocks,
    })
}

fn load_error(error: LoadPdfError) -> ParseError {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm) => {
            ParseError::Encrypted { format: FORMAT }
        }
        LoadPdfError::Decryption(_) => damaged("its encryption cannot be understood"),
        LoadPdfError::Invalid => damaged("no page can be found in it"),
    }
}

fn damaged(reason: &str) -> ParseError {
    ParseError::Damaged {
        format: FORMAT,
        reason: reason.to_owned(),
    }
}
