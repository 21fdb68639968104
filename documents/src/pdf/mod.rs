//! Reads the text layer of a PDF. `content` draws the pages into glyphs and ruling lines; everything under `layout` is
//! independent of the library that did.

mod cid_text;
mod content;
mod document_info;
mod draw;
mod font_weights;
mod layout;
mod recognised;
mod shown;
mod stream_sizes;
mod unreadable;

pub(crate) use self::document_info::certainty;
pub use self::recognised::RecognisedPage;

use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::outline::Outline;
use crate::parse::has_letters;
use crate::{ParseError, ParsedDocument};

const FORMAT: &str = "PDF";
/// More pages than this are refused.
const MAX_PAGES: usize = 5_000;

/// A PDF that was found to be one, and not too large.
pub(crate) struct File {
    pdf: Pdf,
    pages: usize,
}

impl File {
    pub(crate) fn open(bytes: &[u8]) -> Result<File, ParseError> {
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
        Ok(File { pdf, pages })
    }

    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    /// `recognised` are pages that are pictures, as a recogniser read them.
    pub(crate) fn read(&self, recognised: &[RecognisedPage]) -> Result<ParsedDocument, ParseError> {
        let (pdf, pages) = (&self.pdf, self.pages);
        let content = content::read(pdf, recognised)?;
        let (without_text, pictures) = (content.pages_without_text, content.pictures);
        let mut outline = Outline::default();
        layout::append(content.pages, &mut outline);
        let (headings, blocks) = outline.finish()?;
        // Nor is a stamp on every page text: it is a running head, which is left out.
        if !has_letters(&blocks) && !pictures.is_empty() {
            return Err(match recognised {
                [] => ParseError::NoTextLayer { pages, pictures },
                _ => ParseError::NothingRecognised { pages },
            });
        }
        let info = content::guarded(|| document_info::read(pdf, &without_text, &content.recognised))?;
        Ok(ParsedDocument {
            image: None,
            pictures,
            title: info.title.or_else(|| headings.guessed()),
            metadata: info.metadata,
            blocks,
        })
    }
}

/// The words of a picture that is no PDF, laid out as those of a page.
pub(crate) fn parse_picture(hocr: &str) -> Result<ParsedDocument, ParseError> {
    let recognition = recognised::read(hocr, None);
    let certainties = recognition.certainties;
    let mut outline = Outline::default();
    let page = layout::PageContent {
        width: recognition.width,
        height: recognition.height,
        glyphs: recognition.glyphs,
        ..layout::PageContent::default()
    };
    layout::append(vec![layout::PageLayout::of(page)], &mut outline);
    let (headings, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        title: headings.guessed(),
        metadata: certainty(&certainties).into_iter().collect(),
        blocks,
        ..ParsedDocument::default()
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
