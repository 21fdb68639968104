use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::sniff::is_binary;
use crate::wide::Wide;
use crate::{Format, ParseError};

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// How much of a web page is searched for the encoding it declares (HTML Standard, 13.2.3.2).
const PRESCAN: usize = 1024;

/// A text document's bytes in UTF-8, from what its byte order mark, its media type or the page itself says; where nothing does, from what the bytes
/// look like, but for JSON in bytes, which is UTF-8. What is no text is left as it is, and so is what was UTF-8 once and is damaged.
///
/// # Errors
/// [`ParseError::InvalidEncoding`] when the bytes are not in the encoding that was declared.
pub(crate) fn to_utf8<'b>(bytes: &'b [u8], format: Format, charset: Option<&str>) -> Result<Cow<'b, [u8]>, ParseError> {
    if !format.is_text() || format == Format::Email {
        return Ok(Cow::Borrowed(bytes));
    }
    if let Some((wide, text)) = Wide::marked(bytes) {
        let charset = wide.name();
        let text = wide.decode(text).ok_or(ParseError::InvalidEncoding { charset })?;
        return Ok(Cow::Owned(text.into_bytes()));
    }
    if let Some(utf8) = bytes.strip_prefix(UTF8_MARK) {
        return Ok(Cow::Borrowed(utf8));
    }
    if let Some(encoding) = charset.and_then(|label| Encoding::for_label(label.as_bytes())) {
        return strict(bytes, encoding);
    }
    if let Some(text) = Wide::unmarked(bytes).and_then(|wide| wide.decode(bytes)) {
        return Ok(Cow::Owned(text.into_bytes()));
    }
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    match format {
        Format::Html => Ok(from_page(bytes, is_utf8)),
        Format::Csv if !is_utf8 => Ok(guessed(bytes)),
        Format::Markdown | Format::Mdx | Format::PlainText if !is_utf8 && is_older_text(bytes) => Ok(guessed(bytes)),
        _ => Ok(Cow::Borrowed(bytes)),
    }
}

fn strict<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> Result<Cow<'b, [u8]>, ParseError> {
    if encoding == UTF_8 {
        return Ok(Cow::Borrowed(bytes));
    }
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(ParseError::InvalidEncoding {
            charset: encoding.name(),
        })?;
    Ok(into_bytes(text))
}

/// As browsers do: what the page declares, and a replacement character for what does not fit. UTF-8 that holds more than ASCII is taken for what it is.
fn from_page(bytes: &[u8], is_utf8: bool) -> Cow<'_, [u8]> {
    match declared_by_page(bytes).filter(|_| bytes.is_ascii() || !is_utf8) {
        Some(encoding) if encoding != UTF_8 => into_bytes(encoding.decode_without_bom_handling(bytes).0),
        None if !is_utf8 && is_older_text(bytes) => guessed(bytes),
        _ => Cow::Borrowed(bytes),
    }
}

/// The label after `charset=` in the page's beginning, be it `<meta charset>`, `http-equiv` or an XML declaration's `encoding=`.
fn declared_by_page(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..PRESCAN).unwrap_or(bytes).to_ascii_lowercase();
    let after = |name: &[u8]| {
        let at = head.windows(name.len()).position(|window| window == name)?;
        let rest = head
            .get(at + name.len()..)?
            .trim_ascii_start()
            .strip_prefix(b"=")?
            .trim_ascii_start();
        let label: Vec<u8> = rest
            .iter()
            .skip_while(|byte| b"\"'".contains(byte))
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(byte))
            .copied()
            .collect();
        Encoding::for_label(&label)
    };
    let encoding = after(b"charset").or_else(|| after(b"encoding"))?;
    // What says so in ASCII is not UTF-16.
    Some(if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else {
        encoding
    })
}

/// Whether what is not UTF-8 is text in an encoding of before it. Where most of what is not ASCII is UTF-8, it is that, cut off or altered: read as anything else it would say what nobody wrote. Text
/// has letters, spaces or line ends of ASCII, whatever it is written in.
fn is_older_text(bytes: &[u8]) -> bool {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    let has_ascii = bytes
        .iter()
        .any(|byte| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace());
    wrong > right && has_ascii && !is_binary(bytes)
}

fn guessed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    into_bytes(encoding.decode_without_bom_handling(bytes).0)
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::to_utf8;
    use crate::{Format, ParseError};
    use std::borrow::Cow;

    fn read(bytes: &[u8], format: Format, charset: Option<&str>) -> String {
        String::from_utf8(to_utf8(bytes, format, charset).unwrap().into_owned()).unwrap()
    }

    #[test]
    fn a_byte_order_mark_counts_more_than_a_charset() {
        assert_eq!(read(b"\xff\xfeh\0\xfc\0", Format::PlainText, Some("latin1")), "hü");
        assert_eq!(read(b"\xfe\xff\0h\0\xfc", Format::Markdown, None), "hü");
        assert_eq!(read(b"\xef\xbb\xbfh", Format::Json, None), "h");
        let cut = to_utf8(b"\xff\xfeh\0\xfc", Format::PlainText, None);
        assert_eq!(cut, Err(ParseError::InvalidEncoding { charset: "UTF-16LE" }));
        let utf32 = b"\xff\xfe\0\0h\0\0\0\xfc\0\0\0";
        assert_eq!(read(utf32, Format::PlainText, Some("utf-16")), "hü");
    }

    #[test]
    fn a_declared_charset_is_believed_and_an_unknown_one_ignored() {
        assert_eq!(read(b"M\xfcnchen", Format::PlainText, Some("ISO-8859-1")), "München");
        assert_eq!(read("Zürich".as_bytes(), Format::PlainText, Some("klingon")), "Zürich");
        let wrong = to_utf8(b"\x81\xff", Format::PlainText, Some("Shift_JIS"));
        assert_eq!(wrong, Err(ParseError::InvalidEncoding { charset: "Shift_JIS" }));
    }

    #[test]
    fn a_page_says_how_it_is_encoded() {
        for page in [
            b"<meta charset=\"windows-1252\"><p>M\xfcnchen".as_slice(),
            b"<META http-equiv=content-type content='text/html; charset=iso-8859-1'><p>M\xfcnchen",
            b"<?xml version='1.0' encoding='ISO-8859-1'?><p>M\xfcnchen",
        ] {
            assert!(read(page, Format::Html, None).ends_with("<p>München"));
        }
        let utf8 = "<meta charset=latin1><p>München".as_bytes();
        assert_eq!(to_utf8(utf8, Format::Html, None).unwrap(), Cow::Borrowed(utf8));
        assert_eq!(
            read(b"<meta charset=utf-16><p>x", Format::Html, None),
            "<meta charset=utf-16><p>x"
        );
    }

    #[test]
    fn an_encoding_that_nothing_names_is_guessed() {
        let sjis = b"\x96\xbc\x91O,\x94N\x97\xee\n\x8d\xb2\x93\xa1,30\n\x8eO\x96\xd8,25\n";
        assert_eq!(read(sjis, Format::Csv, None), "名前,年齢\n佐藤,30\n三木,25\n");
        for format in [Format::PlainText, Format::Markdown, Format::Mdx, Format::Html] {
            assert_eq!(
                read(b"Die Lampe hei\xdft Gr\xfcn, sagte der M\xfcller.", format, None),
                "Die Lampe heißt Grün, sagte der Müller.",
                "{format:?}"
            );
        }
        let russian = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?";
        assert_eq!(read(russian, Format::PlainText, None), "Привет, как дела?");
        for format in [Format::Csv, Format::Json, Format::Html, Format::Markdown] {
            let unmarked: Vec<u8> = "[\"Müller\"]".encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(read(&unmarked, format, None), "[\"Müller\"]", "{format:?}");
        }
    }

    #[test]
    fn what_is_no_text_or_damaged_utf_8_is_left_as_it_is() {
        for (bytes, format) in [
            (b"\xff\xfe\xd0".as_slice(), Format::Pdf),
            // UTF-8, and one byte that is not.
            (b"Gr\xc3\xbcn und M\xfcller", Format::PlainText),
            (b"Gr\xc3\xbcn, cut\xc3", Format::Html),
            (b"\xed\xa0\x80", Format::PlainText),
            (b"\x01\x02\x03 \xfc\x04\x05", Format::PlainText),
            (b"a\0\xfc", Format::Markdown),
            (b"[\"M\xfcller\"]", Format::Json),
            (b"<meta charset=utf-8><p>M\xfcnchen", Format::Html),
        ] {
            assert_eq!(&*to_utf8(bytes, format, None).unwrap(), bytes, "{format:?} {bytes:?}");
        }
    }
}
