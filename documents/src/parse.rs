use std::borrow::Cow;

use crate::decode::to_utf8;
use crate::pdf::RecognisedPage;
use crate::picture::{Drawn, Picture};
use crate::pictures::Pictures;
use crate::{
    Block, Format, ParseError, ParsedDocument, csv, docx, email, epub, html, image, json, markdown, mdx, opendocument,
    pdf, plain_text, pptx, rtf, spreadsheet,
};

/// Reads a document. Takes time and memory linear in the size of `bytes`, whatever they hold, and never panics.
///
/// A byte order mark is dropped and line ends become `\n`. Text is UTF-8, UTF-16 or UTF-32; a web page may declare another encoding, and where nothing
/// does, that of text, Markdown, HTML and CSV is guessed. Of what was cut off or altered, what cannot be read becomes U+FFFD, and the metadata say how often (`characters_replaced`).
///
/// # Errors
/// A document that cannot be read: see [`ParseError`].
pub fn parse(bytes: &[u8], format: Format) -> Result<ParsedDocument, ParseError> {
    parse_in(bytes, format, None, Attachments::Read)
}

/// What becomes of the attachments of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachments {
    /// They are read as documents of their own are, behind what the message says; one that cannot be is named, with the reason.
    Read,
    /// They are named.
    Name,
}

/// [`parse`]s a document whose media type declares a charset, such as `iso-8859-1`. One that is not known is ignored, and so is that of what is no text. Of a message it says what
/// becomes of its attachments.
///
/// # Errors
/// As [`parse`], and [`ParseError::InvalidEncoding`].
pub fn parse_in(
    bytes: &[u8],
    format: Format,
    charset: Option<&str>,
    attachments: Attachments,
) -> Result<ParsedDocument, ParseError> {
    whole(bytes, format, charset, attachments, &[])
}

/// Draws a page of a PDF, from 1, a picture, of which `page` is 1, or one of the [`pictures`](ParsedDocument::pictures) inside another document: for a recogniser (OCR). A page is
/// drawn as a person sees it, at 300 dots an inch or as many as 40 million pixels allow; a picture as it is, a small one twice as large, upright and on white.
///
/// Takes as long as the page asks for: bound it from outside.
///
/// # Errors
/// What cannot be read or drawn, or has no such page: see [`ParseError`].
pub fn draw(bytes: &[u8], format: Format, page: usize) -> Result<Picture, ParseError> {
    let first = draw_some(bytes, format, &[page])?.pop();
    first.map_or(Err(ParseError::NoSuchPicture { number: page }), |drawn| drawn.picture)
}

/// [`draw`]s the first of `pages`, which ascend; and, of the [`pictures`](ParsedDocument::pictures) inside another document, as many more as have 40 million pixels together: that document
/// is read up to the last of them, whether one is drawn or all.
///
/// # Errors
/// As [`draw`], where none is drawn.
pub fn draw_some(bytes: &[u8], format: Format, pages: &[usize]) -> Result<Vec<Drawn>, ParseError> {
    let Some(&first) = pages.first() else {
        return Ok(Vec::new());
    };
    let alone = |picture: Picture| {
        vec![Drawn {
            number: first,
            picture: Ok(picture),
        }]
    };
    match format {
        format if format.is_image() => image::draw(bytes, format).map(alone),
        Format::Pdf => pdf::File::open(bytes)?.draw(first).map(alone),
        _ => {
            let mut pictures = Pictures::drawing(pages);
            let read = read(bytes, format, None, Attachments::Read, &mut pictures);
            match pictures.drawn() {
                drawn if drawn.is_empty() => Err(read.err().unwrap_or(ParseError::NoSuchPicture { number: first })),
                drawn => Ok(drawn),
            }
        }
    }
}

/// Reads a picture, or a document of whose pages or pictures some were read by a recogniser (OCR). Their words are laid out like those of other pages; of a picture they stand
/// where it does. A page that is no picture keeps its text; the little text of one that is gives way to what was recognised, unless that is shorter.
///
/// # Errors
/// As [`parse`], and [`ParseError::NothingRecognised`].
pub fn parse_recognised(
    bytes: &[u8],
    format: Format,
    recognised: &[RecognisedPage],
) -> Result<ParsedDocument, ParseError> {
    match (format, recognised) {
        (format, [page, ..]) if format.is_image() => with_text(pdf::parse_picture(&page.hocr)?),
        _ => whole(bytes, format, None, Attachments::Read, recognised),
    }
}

fn whole(
    bytes: &[u8],
    format: Format,
    charset: Option<&str>,
    attachments: Attachments,
    recognised: &[RecognisedPage],
) -> Result<ParsedDocument, ParseError> {
    let document = match format {
        format if format.is_image() => return image::parse(bytes, format),
        // Its pictures are its pages.
        Format::Pdf => pdf::File::open(bytes)?.read(recognised)?,
        _ => {
            let mut pictures = Pictures::recognised(recognised);
            let mut document = read(bytes, format, charset, attachments, &mut pictures)?;
            pictures.told_by(&mut document);
            document
        }
    };
    with_text(document)
}

/// Reads a document inside another, whose pictures are among those of the other.
pub(crate) fn parse_within(
    bytes: &[u8],
    format: Format,
    pictures: &mut Pictures<'_>,
) -> Result<ParsedDocument, ParseError> {
    with_text(read(bytes, format, None, Attachments::Read, pictures)?)
}

fn read(
    bytes: &[u8],
    format: Format,
    charset: Option<&str>,
    attachments: Attachments,
    pictures: &mut Pictures<'_>,
) -> Result<ParsedDocument, ParseError> {
    let decoded = to_utf8(bytes, format, charset)?;
    let mut document = read_decoded(&decoded.bytes, format, attachments, pictures)?;
    if decoded.replaced > 0 {
        let replaced = decoded.replaced.into();
        document.metadata.insert("characters_replaced".to_owned(), replaced);
    }
    Ok(document)
}

fn read_decoded(
    bytes: &[u8],
    format: Format,
    attachments: Attachments,
    pictures: &mut Pictures<'_>,
) -> Result<ParsedDocument, ParseError> {
    match format {
        Format::Markdown => {
            let text = decode(bytes)?;
            if mdx::imports_components(&text) {
                mdx::parse(&text)
            } else {
                markdown::parse(&text)
            }
        }
        Format::Mdx => mdx::parse(&decode(bytes)?),
        Format::Html => html::parse(&decode(bytes)?),
        Format::PlainText => plain_text::parse(&decode(bytes)?),
        Format::Pdf => pictures.read_pdf(bytes),
        Format::Docx => docx::parse(bytes, pictures),
        Format::Pptx => pptx::parse(bytes, pictures),
        Format::Spreadsheet => spreadsheet::parse(bytes, pictures),
        Format::Odt => opendocument::parse_text(bytes, pictures),
        Format::Odp => opendocument::parse_presentation(bytes, pictures),
        Format::Epub => epub::parse(bytes, pictures),
        Format::Rtf => rtf::parse(bytes),
        Format::Csv => csv::parse(bytes),
        Format::Email => email::parse(bytes, attachments, pictures),
        Format::Json => json::parse(bytes),
        Format::Png | Format::Jpeg | Format::Gif | Format::Webp => image::parse(bytes, format),
    }
}

fn with_text(document: ParsedDocument) -> Result<ParsedDocument, ParseError> {
    match document.pictures.as_slice() {
        _ if has_letters(&document.blocks) => Ok(document),
        [] => Err(ParseError::NoText),
        pictures => Err(ParseError::OnlyPictures {
            pictures: pictures.to_vec(),
        }),
    }
}

/// Whether there is a letter, a digit or an emoji, which may be all that a cell or a message says.
pub(crate) fn has_letters(blocks: &[Block]) -> bool {
    let mut texts = blocks.iter().flat_map(|block| block.text.chars());
    texts.any(|c| c.is_alphanumeric() || is_pictograph(c))
}

/// The blocks of Unicode from "Miscellaneous Symbols and Pictographs" to "Symbols and Pictographs Extended-A". Older symbols are bullets and ornaments as well.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f300}'..='\u{1faff}')
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ParseError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // NUL first: it is the better hint at a binary file or UTF-16 than the first byte that is not UTF-8.
    if let Some(position) = bytes.iter().position(|&byte| byte == 0) {
        return Err(ParseError::ContainsNul { position });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ParseError::InvalidUtf8 {
        position: error.valid_up_to(),
    })?;
    if text.contains('\r') {
        Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
    } else {
        Ok(Cow::Borrowed(text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::{Attachments, parse, parse_in};
    use crate::{Format, ParseError};

    const FORMATS: [Format; 4] = [Format::Markdown, Format::Mdx, Format::Html, Format::PlainText];

    #[test]
    fn a_byte_order_mark_is_dropped_and_line_ends_are_normalised() {
        let document = parse(b"\xEF\xBB\xBFone\r\ntwo\r\rthree", Format::PlainText).unwrap();
        assert_eq!(document.blocks[0].text, "one\ntwo");
        assert_eq!(document.blocks[1].text, "three");
    }

    #[test]
    fn bytes_that_are_not_text_are_refused_with_their_position() {
        for format in FORMATS {
            let cut = "üab\u{fc}".as_bytes().split_last().unwrap().1;
            let error = parse_in(cut, format, Some("utf-8"), Attachments::Read).unwrap_err();
            assert_eq!(
                (error.clone(), error.code()),
                (ParseError::InvalidUtf8 { position: 4 }, "invalid_utf8")
            );
            let error = parse(b"a\0c\xFF", format).unwrap_err();
            assert_eq!(
                (error.clone(), error.code()),
                (ParseError::ContainsNul { position: 1 }, "contains_nul")
            );
        }
    }

    #[test]
    fn a_document_that_is_damaged_says_how_much_of_it_could_not_be_read() {
        for format in FORMATS.into_iter().chain([Format::Csv]) {
            let document = parse("üab\u{fc}".as_bytes().split_last().unwrap().1, format).unwrap();
            let is_read = document.blocks.iter().any(|block| block.text.contains("üab\u{fffd}"));
            assert!(is_read, "{format:?}");
            assert_eq!(document.metadata["characters_replaced"], 1, "{format:?}");
            let whole = parse("üab".as_bytes(), format).unwrap();
            assert!(!whole.metadata.contains_key("characters_replaced"), "{format:?}");
        }
    }

    #[test]
    fn emoji_are_text() {
        for format in FORMATS {
            assert_eq!(
                parse("🤠😅".as_bytes(), format).unwrap().blocks[0].text,
                "🤠😅",
                "{format:?}"
            );
        }
    }

    #[test]
    fn a_document_without_letters_or_digits_has_no_text() {
        for format in FORMATS {
            for bytes in ["", " \n\t", "---\n", "* * *\n\n<!-- words -->", "…", "• ★ ✓"] {
                let result = parse(bytes.as_bytes(), format);
                // In plain text a comment is text.
                if !(format == Format::PlainText && bytes.contains("words")) {
                    assert_eq!(result.unwrap_err().code(), "no_text", "{format:?} {bytes:?}");
                }
            }
        }
    }
}
