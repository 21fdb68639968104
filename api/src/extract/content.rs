use super::format::{Content, DocumentType};
use crate::document_types::declares_encoding;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
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

/// What is wrong with a document's bytes, as far as that shows before they are parsed: a document must say something, and text be in its encoding
/// and without NUL.
pub(super) fn content_error(field: &str, bytes: &[u8], document_type: DocumentType) -> Option<FieldError> {
    let empty = || FieldError::new(field, "empty", "must not be empty");
    if bytes.trim_ascii().is_empty() {
        return Some(empty());
    }
    let content = document_type.content();
    let is_known = SIGNATURES.iter().any(|signature| bytes.starts_with(signature)) || is_lettered_image(bytes);
    if content == Content::Bytes || is_known || (content == Content::Page && declares_encoding(bytes)) {
        return None;
    }
    match decode(bytes, document_type) {
        Err(error) => Some(error.of(field)),
        Ok(text) if text.contains('\0') => Some(FieldError::new(
            field,
            "contains_nul",
            "contains U+0000, which no text may",
        )),
        Ok(text) if text.trim().trim_start_matches('\u{feff}').trim().is_empty() => Some(empty()),
        Ok(_) => None,
    }
}

/// GIF and WebP begin with letters, as a text may: without the NUL that their headers hold, they are taken for one.
fn is_lettered_image(bytes: &[u8]) -> bool {
    let is_gif = bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a");
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..).is_some_and(|rest| rest.starts_with(b"WEBP"));
    (is_gif || is_webp) && bytes.get(..PRESCAN).unwrap_or(bytes).contains(&0)
}

enum Undecodable {
    Utf8 {
        position: usize,
    },
    /// By its byte order mark.
    Utf16,
    Declared(&'static Encoding),
}

impl Undecodable {
    fn of(&self, field: &str) -> FieldError {
        match self {
            Self::Utf8 { position } => {
                FieldError::new(field, "invalid_utf8", format!("is not UTF-8 from byte {position} on"))
            }
            Self::Utf16 => {
                let message =
                    "is not UTF-8 but UTF-16: say so in its media type (`charset=utf-16`), or save it as UTF-8";
                FieldError::new(field, "invalid_utf8", message)
            }
            Self::Declared(encoding) => {
                let message = format!("is not in {}, as it says", encoding.name());
                FieldError::new(field, "invalid_encoding", message)
            }
        }
    }
}

fn decode(bytes: &[u8], document_type: DocumentType) -> Result<Cow<'_, str>, Undecodable> {
    let marked = Encoding::for_bom(bytes).filter(|(encoding, _)| is_utf16(encoding));
    let charset = document_type.charset.filter(|charset| *charset != UTF_8);
    // Without a charset, plain text is UTF-8: a mark is no character of it.
    let may_be_marked = charset.is_some() || document_type.content() == Content::Page;
    let (encoding, bytes) = match (marked, charset) {
        (Some((encoding, mark)), _) if may_be_marked => (encoding, bytes.get(mark..).unwrap_or_default()),
        (_, Some(charset)) => (charset, bytes),
        (marked, None) => {
            let utf8 = std::str::from_utf8(bytes).map(Cow::Borrowed);
            return utf8.map_err(|error| match marked {
                Some(_) => Undecodable::Utf16,
                None => Undecodable::Utf8 {
                    position: error.valid_up_to(),
                },
            });
        }
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(Undecodable::Declared(encoding))
}

fn is_utf16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::format::type_of_file;
    use super::*;

    fn code(bytes: &[u8], said: &str) -> Option<String> {
        let document_type = type_of_file(Some(said), None).unwrap();
        content_error("file", bytes, document_type).map(|error| error.code.to_string())
    }

    #[test]
    fn a_text_that_cannot_be_a_document_says_why() {
        let code = |bytes| code(bytes, "text/markdown");
        assert_eq!(code(b"words"), None);
        assert_eq!(code(b"a\0b").as_deref(), Some("contains_nul"));
        for wrong in [
            b"\xff\xfe".as_slice(),
            b"\xff\xfe\x00",
            b"\xff\xfe\xfa\xfb",
            b"M\xfc",
            b"\xc0\x80",
        ] {
            assert_eq!(code(wrong).as_deref(), Some("invalid_utf8"), "{wrong:?}");
        }
        for blank in ["", " \n\t", "\u{feff}", "\u{feff}\n", "\u{3000}"] {
            assert_eq!(code(blank.as_bytes()).as_deref(), Some("empty"), "{blank:?}");
        }
    }

    #[test]
    fn text_may_be_in_another_encoding_that_is_declared() {
        assert_eq!(code(b"M\xfcnchen", "text/plain; charset=iso-8859-1"), None);
        assert_eq!(
            code(b"\x81\xff", "text/plain; charset=shift_jis").as_deref(),
            Some("invalid_encoding")
        );
        assert_eq!(code(b"\xff\xfeh\0i\0", "text/plain").as_deref(), Some("invalid_utf8"));
        assert_eq!(code(b"\xff\xfeh\0i\0", "text/plain; charset=utf-16"), None);
        assert_eq!(code(b"\xfe\xff\0h\0i", "text/plain; charset=utf-16"), None);
        assert_eq!(code(b"\xff\xfeh\0i\0", "text/html"), None);
        assert_eq!(
            code(b"\xff\xfeh\0\0\0", "text/plain; charset=utf-16").as_deref(),
            Some("contains_nul")
        );
        assert_eq!(code(b"<meta charset=latin1><p>M\xfcnchen", "text/html"), None);
        assert_eq!(
            code(b"<meta charset=utf-8><p>M\xfcnchen", "text/html").as_deref(),
            Some("invalid_utf8")
        );
        assert_eq!(code(b"<p>M\xfcnchen", "text/html").as_deref(), Some("invalid_utf8"));
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
            code(b"GIF89a is a format.\xff", "text/markdown").as_deref(),
            Some("invalid_utf8")
        );
    }
}
