use super::format::{Content, DocumentType};
use encoding_rs::{Encoding, UTF_8};
use jobs::FieldError;
use std::borrow::Cow;

/// Files that begin so are what they are, whatever was said of them: PDF, ZIP (what Office writes), compound files (what it wrote before 2007), PNG
/// and JPEG.
const SIGNATURES: [&[u8]; 5] = [
    b"%PDF-",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
];
/// How much of a file is searched for what tells a picture from a text.
const PRESCAN: usize = 1024;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// So much of a text without a byte order mark is NUL at least where it is UTF-16 or UTF-32, of which half is ASCII at least: what the worker can tell.
const NUL_OF_WIDE: usize = 4;
/// What is shorter could be anything.
const SHORTEST_WIDE: usize = 8;

/// What is wrong with a document's bytes, as far as that shows before they are parsed: a document must say something, and text be in its encoding
/// and without NUL. What encoding it is where its media type does not say so, the worker finds out.
pub(super) fn content_error(field: &str, bytes: &[u8], document_type: DocumentType) -> Option<FieldError> {
    if bytes.is_empty() {
        return Some(FieldError::new(field, "empty", "must not be empty"));
    }
    let blank = || FieldError::new(field, "empty", "has nothing but white space");
    if bytes.trim_ascii().is_empty() {
        return Some(blank());
    }
    let is_known = SIGNATURES.iter().any(|signature| bytes.starts_with(signature)) || is_lettered_image(bytes);
    if document_type.content() == Content::Bytes || is_known {
        return None;
    }
    match decode(bytes, document_type) {
        Decoded::Wrong(error) => Some(error.of(field)),
        Decoded::Text(text) if text.contains('\0') => Some(contains_nul(field)),
        Decoded::Text(text) if text.trim().trim_start_matches('\u{feff}').trim().is_empty() => Some(blank()),
        Decoded::Older if bytes.contains(&0) => Some(contains_nul(field)),
        Decoded::Text(_) | Decoded::Older | Decoded::Wide => None,
    }
}

fn contains_nul(field: &str) -> FieldError {
    FieldError::new(field, "contains_nul", "contains U+0000, which no text may")
}

/// GIF and WebP begin with letters, as a text may: without the NUL that their headers hold, they are taken for one.
fn is_lettered_image(bytes: &[u8]) -> bool {
    let is_gif = bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a");
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|rest| rest.starts_with(b"WEBP"));
    (is_gif || is_webp) && bytes.get(..PRESCAN).unwrap_or(bytes).contains(&0)
}

/// What a text is, as far as that shows here.
enum Decoded<'b> {
    Text(Cow<'b, str>),
    /// In an encoding of before UTF-8, or in UTF-8 that is damaged, if it is text.
    Older,
    /// In UTF-32, or UTF-16 without a byte order mark, if it is text.
    Wide,
    Wrong(Undecodable),
}

enum Undecodable {
    Utf8 { position: usize },
    Declared(&'static Encoding),
}

impl Undecodable {
    fn of(&self, field: &str) -> FieldError {
        match self {
            Self::Utf8 { position } => {
                FieldError::new(field, "invalid_utf8", format!("is not UTF-8 from byte {position} on"))
            }
            Self::Declared(encoding) => {
                let message = format!("is not in {}, as it says", encoding.name());
                FieldError::new(field, "invalid_encoding", message)
            }
        }
    }
}

fn decode(bytes: &[u8], document_type: DocumentType) -> Decoded<'_> {
    if is_marked_utf32(bytes) {
        return Decoded::Wide;
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes).filter(|(encoding, _)| *encoding != UTF_8) {
        return strict(bytes.get(mark..).unwrap_or_default(), encoding);
    }
    // A mark counts more than another charset.
    let is_marked = bytes.starts_with(UTF8_MARK);
    let declared = document_type.charset;
    match declared.filter(|encoding| *encoding == UTF_8 || !is_marked) {
        Some(encoding) if encoding == UTF_8 => utf8(bytes),
        Some(encoding) => strict(bytes, encoding),
        None if may_be_wide(bytes) => Decoded::Wide,
        None if document_type.content() == Content::Unicode => utf8(bytes),
        None => match utf8(bytes) {
            Decoded::Wrong(_) => Decoded::Older,
            text => text,
        },
    }
}

fn utf8(bytes: &[u8]) -> Decoded<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded::Text(text.into()),
        Err(error) => Decoded::Wrong(Undecodable::Utf8 {
            position: error.valid_up_to(),
        }),
    }
}

fn strict<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> Decoded<'b> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Decoded::Text(text),
        None => Decoded::Wrong(Undecodable::Declared(encoding)),
    }
}

fn is_marked_utf32(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff")
}

/// UTF-16 or UTF-32 of mostly ASCII, without a mark.
fn may_be_wide(bytes: &[u8]) -> bool {
    let nul = bytes.iter().filter(|byte| **byte == 0).count();
    bytes.len() >= SHORTEST_WIDE && bytes.len().is_multiple_of(2) && nul * NUL_OF_WIDE >= bytes.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::format::{type_of_file, type_of_text};
    use super::*;

    fn code(bytes: &[u8], said: &str) -> Option<String> {
        let document_type = type_of_file(Some(said), None).unwrap();
        content_error("file", bytes, document_type).map(|error| error.code.to_string())
    }

    #[test]
    fn a_text_that_cannot_be_a_document_says_why() {
        let code = |bytes| code(bytes, "text/markdown");
        assert_eq!(code(b"words"), None);
        for binary in [b"a\0b".as_slice(), b"before\0after", b"\x01\xff\0\x03", b"a\0b\0"] {
            assert_eq!(code(binary).as_deref(), Some("contains_nul"), "{binary:?}");
        }
        assert_eq!(code(b"\xff\xfe\0").as_deref(), Some("invalid_encoding"));
        for blank in ["", " \n\t", "\u{feff}", "\u{feff}\n", "\u{3000}"] {
            assert_eq!(code(blank.as_bytes()).as_deref(), Some("empty"), "{blank:?}");
        }
        assert_eq!(code(b"\xff\xfe").as_deref(), Some("empty"));
        assert_eq!(code(b"\xff\xfe\x20\0").as_deref(), Some("empty"));
    }

    #[test]
    fn text_may_be_in_another_encoding_that_is_declared() {
        assert_eq!(code(b"M\xfcnchen", "text/plain; charset=iso-8859-1"), None);
        assert_eq!(
            code(b"\x81\xff", "text/plain; charset=shift_jis").as_deref(),
            Some("invalid_encoding")
        );
        assert_eq!(code(b"\xff\xfeh\0i\0", "text/plain; charset=utf-16"), None);
        assert_eq!(code(b"\xfe\xff\0h\0i", "text/plain; charset=utf-16"), None);
        assert_eq!(
            code(b"\xff\xfeh\0\0\0", "text/plain; charset=utf-16").as_deref(),
            Some("contains_nul")
        );
        assert_eq!(
            code(b"M\xfcnchen", "text/plain; charset=utf-8").as_deref(),
            Some("invalid_utf8")
        );
        // What a page says of itself is for whoever reads it.
        for page in [
            b"<meta charset=latin1><p>M\xfcnchen".as_slice(),
            b"<meta charset=utf-8><p>M\xfcnchen",
            b"<meta charset=latin1><script charset=utf-8></script><p>M\xfcnchen",
        ] {
            assert_eq!(code(page, "text/html"), None, "{page:?}");
        }
        assert_eq!(
            code(b"<meta charset=latin1><p>\0", "text/html").as_deref(),
            Some("contains_nul")
        );
    }

    #[test]
    fn a_mark_counts_more_than_another_charset() {
        for charset in ["utf-16", "shift_jis", "utf-8"] {
            let said = format!("text/plain; charset={charset}");
            assert_eq!(code(b"\xef\xbb\xbfM\xc3\xbcnchen", &said), None, "{charset}");
        }
        // Damaged: the worker reads it, but for who says that it is not.
        let damaged = b"\xef\xbb\xbfM\xfcnchen";
        assert_eq!(code(damaged, "text/plain"), None);
        assert_eq!(code(damaged, "text/plain; charset=shift_jis"), None);
        let said = "text/plain; charset=utf-8";
        assert_eq!(code(damaged, said).as_deref(), Some("invalid_utf8"));
        assert_eq!(code(damaged, "application/json").as_deref(), Some("invalid_utf8"));
        assert_eq!(
            code(b"\xef\xbb\xbf", "text/plain; charset=shift_jis").as_deref(),
            Some("empty")
        );
    }

    #[test]
    fn text_may_be_in_another_encoding_that_is_not_declared() {
        for said in ["text/plain", "text/markdown", "text/mdx", "text/html"] {
            for bytes in [
                b"M\xfcnchen".as_slice(),
                b"\xff\xfeh\0i\0",
                b"\xfe\xff\0h\0i",
                b"h\0o\0u\0r\0",
                b"\xff\xfe\0\0h\0\0\0",
                b"h\0\0\0i\0\0\0",
            ] {
                assert_eq!(code(bytes, said), None, "{said} {bytes:?}");
            }
            let cut = code(b"\xff\xfeh\0i", said);
            assert_eq!(cut.as_deref(), Some("invalid_encoding"), "{said}");
        }
        // JSON is Unicode, in whatever bytes.
        assert_eq!(code(b"\xff\xfe[\0]\0", "application/json"), None);
        assert_eq!(code(b"[\0\"\0a\0\"\0]\0", "text/json"), None);
        assert_eq!(
            code(b"[\"M\xfc\"]", "application/json").as_deref(),
            Some("invalid_utf8")
        );
    }

    #[test]
    fn what_came_as_a_string_is_unicode_already() {
        let code = |text: &str| {
            let document_type = type_of_text("text/plain").unwrap();
            content_error("content", text.as_bytes(), document_type).map(|error| error.code.to_string())
        };
        assert_eq!(code("München"), None);
        assert_eq!(code("h\0o\0u\0r\0").as_deref(), Some("contains_nul"));
    }

    #[test]
    fn what_is_no_text_must_only_be_there() {
        for said in [
            "application/pdf",
            "text/csv",
            "message/rfc822",
            "application/octet-stream",
        ] {
            assert_eq!(code(b"\x96\xbc\0", said), None, "{said}");
            assert_eq!(code(b"", said).as_deref(), Some("empty"), "{said}");
        }
        for known in [
            b"%PDF-1.7\n\xe2\0".as_slice(),
            b"\x89PNG\r\n\x1a\n\0",
            b"\xff\xd8\xff\xe0\0",
            b"GIF89a\x01\0\x01\0\xff",
            b"RIFF\x08\0\0\0WEBP",
        ] {
            assert_eq!(code(known, "text/markdown"), None, "{known:?}");
        }
        assert_eq!(
            code(b"GIF89a is a format.\xff", "text/markdown; charset=utf-8").as_deref(),
            Some("invalid_utf8")
        );
    }
}
