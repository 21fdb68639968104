use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::sniff::is_binary;
use crate::wide::Wide;
use crate::{Format, ParseError};

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// How much of a web page is searched for the encoding it declares (HTML Standard, 13.2.3.2).
const PRESCAN: usize = 1024;

/// A text in UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'b> {
    pub(crate) bytes: Cow<'b, [u8]>,
    /// How often something could not be read: each is U+FFFD now.
    pub(crate) replaced: usize,
}

impl<'b> Decoded<'b> {
    fn whole(bytes: impl Into<Cow<'b, [u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            replaced: 0,
        }
    }
}

/// A text as [`parse_in`](crate::parse_in) reads it, before anything is made of it: for who looks into a page first. Nothing is refused: what cannot be decoded is U+FFFD.
#[must_use]
pub fn read_text<'b>(bytes: &'b [u8], format: Format, charset: Option<&str>) -> Cow<'b, str> {
    match to_utf8(bytes, format, charset).map(|decoded| decoded.bytes) {
        Ok(Cow::Borrowed(bytes)) => String::from_utf8_lossy(bytes),
        Ok(Cow::Owned(bytes)) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        // By its mark, where it has one.
        Err(_) => UTF_8.decode(bytes).0,
    }
}

/// The encoding that a `charset` stands for, as a media type names it; nothing for UTF-8, which needs no naming, nor for what is not known.
#[must_use]
pub fn older_charset(label: &str) -> Option<String> {
    Encoding::for_label_no_replacement(label.as_bytes())
        .filter(|encoding| *encoding != UTF_8)
        .map(|encoding| encoding.name().to_ascii_lowercase())
}

/// A text document's bytes in UTF-8, from what its byte order mark, its media type or the page itself says; where nothing does, from what the bytes
/// look like, but for JSON in bytes, which is UTF-8. What was cut off or altered is read but for what cannot be; what is no text is left as it is.
///
/// # Errors
/// [`ParseError::InvalidEncoding`] when the bytes are not in the encoding that was declared.
pub(crate) fn to_utf8<'b>(bytes: &'b [u8], format: Format, charset: Option<&str>) -> Result<Decoded<'b>, ParseError> {
    if !format.is_text() || format == Format::Email {
        return Ok(Decoded::whole(bytes));
    }
    if let Some((wide, text)) = Wide::marked(bytes) {
        return in_wide(wide, text, format);
    }
    if let Some(utf8) = bytes.strip_prefix(UTF8_MARK) {
        let is_damaged = format != Format::Json && std::str::from_utf8(utf8).is_err() && is_text(utf8);
        return Ok(if is_damaged { lossy(utf8) } else { Decoded::whole(utf8) });
    }
    if let Some(encoding) = charset.and_then(|label| Encoding::for_label(label.as_bytes())) {
        return in_encoding(bytes, encoding, format);
    }
    if let Some(text) = Wide::unmarked(bytes).and_then(|wide| wide.decode(bytes)) {
        return Ok(Decoded::whole(text.into_bytes()));
    }
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    Ok(match format {
        Format::Html => from_page(bytes, is_utf8),
        Format::Json => Decoded::whole(bytes),
        _ if is_utf8 => Decoded::whole(bytes),
        _ if is_damaged_utf8(bytes) => lossy(bytes),
        Format::Csv => guessed(bytes),
        _ if is_older_text(bytes) => guessed(bytes),
        _ => Decoded::whole(bytes),
    })
}

/// What follows a mark of UTF-16 or UTF-32, which may be cut off within a character; JSON may not.
fn in_wide(wide: Wide, bytes: &[u8], format: Format) -> Result<Decoded<'static>, ParseError> {
    if let Some(text) = wide.decode(bytes) {
        return Ok(Decoded::whole(text.into_bytes()));
    }
    let text = wide.decode_lossily(bytes);
    let replaced = text.matches(char::REPLACEMENT_CHARACTER).count();
    if format == Format::Json || replaced * 2 >= text.chars().count() {
        return Err(ParseError::InvalidEncoding { charset: wide.name() });
    }
    Ok(Decoded {
        bytes: text.into_bytes().into(),
        replaced,
    })
}

/// In the encoding that the media type names, for the most part at least, as browsers do: who uploads a text was told before where it is not wholly in it, but a site's page may be damaged, and a server may
/// say of all pages what is true of others. UTF-8 is left as it is, and so is what is UTF-8 beyond ASCII, and not wholly what is named.
fn in_encoding<'b>(bytes: &'b [u8], encoding: &'static Encoding, format: Format) -> Result<Decoded<'b>, ParseError> {
    if encoding == UTF_8 {
        return Ok(Decoded::whole(bytes));
    }
    let decoded = lossy_in(encoding, bytes);
    let is_in_it = match decoded.replaced {
        0 => true,
        _ if format == Format::Json => false,
        _ if !bytes.is_ascii() && is_text(bytes) && std::str::from_utf8(bytes).is_ok() => {
            return Ok(Decoded::whole(bytes));
        }
        replaced => {
            let text = String::from_utf8_lossy(&decoded.bytes);
            // Letters of ASCII count: a page may have hardly any others.
            let is_right = |c: &char| c.is_ascii_alphanumeric() || !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER;
            text.chars().filter(is_right).count() > replaced
        }
    };
    if is_in_it {
        Ok(decoded)
    } else {
        Err(ParseError::InvalidEncoding {
            charset: encoding.name(),
        })
    }
}

/// As browsers do: what the page declares, and a replacement character for what does not fit. UTF-8 that holds more than ASCII is taken for what it is, and what is no UTF-8 and says so for what it looks like.
fn from_page(bytes: &[u8], is_utf8: bool) -> Decoded<'_> {
    match declared_by_page(bytes).filter(|_| bytes.is_ascii() || !is_utf8) {
        Some(encoding) if encoding != UTF_8 => lossy_in(encoding, bytes),
        _ if !is_utf8 && is_older_text(bytes) => guessed(bytes),
        _ if !is_utf8 && is_text(bytes) => lossy(bytes),
        _ => Decoded::whole(bytes),
    }
}

/// What the page's beginning says of itself: `charset=` in a `<meta>` tag, with or without `http-equiv`, or else `encoding=` in an XML declaration. Other tags speak of other files, and comments
/// of nothing.
fn declared_by_page(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..PRESCAN).unwrap_or(bytes)).to_ascii_lowercase();
    let head = without_comments(&head);
    let in_meta = head.match_indices("<meta").find_map(|(at, name)| {
        let (tag, _) = head.get(at + name.len()..)?.split_once('>')?;
        let is_meta = tag.starts_with(|c: char| c == '/' || c.is_ascii_whitespace());
        is_meta.then(|| named(tag, "charset")).flatten()
    });
    let in_xml = || {
        let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
        named(declaration, "encoding")
    };
    let encoding = in_meta.or_else(in_xml)?;
    // What says so in ASCII is not UTF-16.
    Some(if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else {
        encoding
    })
}

fn without_comments(head: &str) -> String {
    let mut parts = head.split("<!--");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once("-->").map_or("", |(_, after)| after));
    }
    text
}

/// The first encoding that is known of those that follow `name=`.
fn named(tag: &str, name: &str) -> Option<&'static Encoding> {
    tag.match_indices(name).find_map(|(at, name)| {
        let after = tag.get(at + name.len()..)?;
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let label = value.trim_start_matches(['"', '\'']);
        let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c));
        let label = end.and_then(|end| label.get(..end)).unwrap_or(label);
        Encoding::for_label_no_replacement(label.as_bytes())
    })
}

/// How many characters beyond ASCII are UTF-8, and how often something is not.
fn shares(bytes: &[u8]) -> (usize, usize) {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    (right, wrong)
}

/// Whether what is not UTF-8 was it, before it was cut off or altered: most of what is not ASCII still is. Read as anything else it would say what nobody wrote.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (right, wrong) = shares(bytes);
    right >= wrong && is_text(bytes)
}

/// Whether what is not UTF-8 is text in an encoding of before it. Text has letters, spaces or line ends of ASCII, whatever it is written in.
fn is_older_text(bytes: &[u8]) -> bool {
    let (right, wrong) = shares(bytes);
    let has_ascii = bytes
        .iter()
        .any(|byte| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace());
    wrong > right && has_ascii && !is_binary(bytes)
}

fn is_text(bytes: &[u8]) -> bool {
    !is_binary(bytes) && !bytes.contains(&0)
}

/// UTF-8, with U+FFFD for what is not.
fn lossy(bytes: &[u8]) -> Decoded<'_> {
    let (_, replaced) = shares(bytes);
    Decoded {
        bytes: into_bytes(String::from_utf8_lossy(bytes)),
        replaced,
    }
}

fn lossy_in<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Decoded<'b> {
    let (text, is_damaged) = encoding.decode_without_bom_handling(bytes);
    let replaced = match is_damaged {
        true => text.matches(char::REPLACEMENT_CHARACTER).count(),
        false => 0,
    };
    Decoded {
        bytes: into_bytes(text),
        replaced,
    }
}

fn guessed(bytes: &[u8]) -> Decoded<'_> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    lossy_in(detector.guess(None, Utf8Detection::Allow), bytes)
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
    use super::{Decoded, older_charset, read_text, to_utf8};
    use crate::{Format, ParseError};

    fn decoded(bytes: &[u8], format: Format, charset: Option<&str>) -> (String, usize) {
        let decoded = to_utf8(bytes, format, charset).unwrap();
        (String::from_utf8(decoded.bytes.into_owned()).unwrap(), decoded.replaced)
    }

    fn read(bytes: &[u8], format: Format, charset: Option<&str>) -> String {
        let (text, replaced) = decoded(bytes, format, charset);
        assert_eq!(replaced, 0, "{text}");
        text
    }

    #[test]
    fn a_byte_order_mark_counts_more_than_a_charset() {
        assert_eq!(read(b"\xff\xfeh\0\xfc\0", Format::PlainText, Some("latin1")), "hü");
        assert_eq!(read(b"\xfe\xff\0h\0\xfc", Format::Markdown, None), "hü");
        assert_eq!(read(b"\xef\xbb\xbfh", Format::Json, None), "h");
        let utf32 = b"\xff\xfe\0\0h\0\0\0\xfc\0\0\0";
        assert_eq!(read(utf32, Format::PlainText, Some("utf-16")), "hü");
    }

    #[test]
    fn what_a_mark_says_is_read_though_it_is_cut_off() {
        for (marked, charset) in [
            (b"\xff\xfeh\0i\0\xfc".as_slice(), "UTF-16LE"),
            (b"\xfe\xff\0h\0i\xd8", "UTF-16BE"),
            (b"\xff\xfe\0\0h\0\0\0i\0\0\0\xfc", "UTF-32LE"),
        ] {
            for format in [Format::Html, Format::PlainText, Format::Csv] {
                assert_eq!(
                    decoded(marked, format, None),
                    ("hi\u{fffd}".to_owned(), 1),
                    "{charset} {format:?}"
                );
            }
            let json = to_utf8(marked, Format::Json, None);
            assert_eq!(json, Err(ParseError::InvalidEncoding { charset }));
        }
        let mostly_wrong = to_utf8(b"\xff\xfeh\0\xfc", Format::PlainText, None);
        assert_eq!(mostly_wrong, Err(ParseError::InvalidEncoding { charset: "UTF-16LE" }));
    }

    #[test]
    fn a_declared_charset_is_believed_and_an_unknown_one_ignored() {
        assert_eq!(read(b"M\xfcnchen", Format::PlainText, Some("ISO-8859-1")), "München");
        assert_eq!(read("Zürich".as_bytes(), Format::PlainText, Some("klingon")), "Zürich");
        let wrong = to_utf8(b"\x81\xff", Format::PlainText, Some("Shift_JIS"));
        assert_eq!(wrong, Err(ParseError::InvalidEncoding { charset: "Shift_JIS" }));
    }

    #[test]
    fn what_is_mostly_in_the_encoding_that_is_named_is_read() {
        let damaged = b"\x83e\x83X\x83g\xff";
        for format in [Format::Html, Format::PlainText, Format::Csv] {
            let read = decoded(damaged, format, Some("Shift_JIS"));
            assert_eq!(read, ("テスト\u{fffd}".to_owned(), 1), "{format:?}");
        }
        let refused = to_utf8(damaged, Format::Json, Some("Shift_JIS"));
        assert_eq!(refused, Err(ParseError::InvalidEncoding { charset: "Shift_JIS" }));
        // Who names UTF-8 is held to it.
        let kept = to_utf8(b"M\xfcnchen", Format::PlainText, Some("utf-8"));
        assert_eq!(kept, Ok(Decoded::whole(b"M\xfcnchen".as_slice())));
    }

    #[test]
    fn a_text_of_ascii_is_read_but_for_what_is_not_in_the_encoding_that_is_named() {
        for charset in ["gb2312", "big5", "euc-kr", "iso-8859-6"] {
            for (bytes, text, replaced) in [
                (b"<p>\xa9 2024 Acme</p>".as_slice(), "<p>\u{fffd} 2024 Acme</p>", 1),
                (
                    b"<p>\xa9 Acme, \xa9 others</p>",
                    "<p>\u{fffd} Acme, \u{fffd} others</p>",
                    2,
                ),
            ] {
                let read = decoded(bytes, Format::Html, Some(charset));
                assert_eq!(read, (text.to_owned(), replaced), "{charset}");
            }
        }
    }

    #[test]
    fn what_is_utf_8_and_not_what_is_named_is_utf_8() {
        let text = "<p>Die Lampe ist heiß</p>";
        assert_eq!(
            to_utf8(text.as_bytes(), Format::Html, Some("Shift_JIS")),
            Ok(Decoded::whole(text.as_bytes()))
        );
        // Nothing in it says that it is not what is named.
        assert_eq!(
            read("Grün".as_bytes(), Format::PlainText, Some("Shift_JIS")),
            "Gr\u{ff83}\u{ff7c}n"
        );
    }

    #[test]
    fn a_charset_goes_by_its_own_name_and_utf_8_needs_none() {
        assert_eq!(older_charset("Latin1").as_deref(), Some("windows-1252"));
        assert_eq!(older_charset("SJIS").as_deref(), Some("shift_jis"));
        for other in ["UTF-8", "utf8", "klingon", "", "iso-2022-kr"] {
            assert_eq!(older_charset(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_that_is_only_looked_into_is_never_refused() {
        assert_eq!(read_text(b"M\xfcnchen", Format::Html, Some("latin1")), "München");
        assert_eq!(read_text("München".as_bytes(), Format::PlainText, None), "München");
        assert_eq!(read_text(b"\xff\xfeh\0\xfc", Format::Html, None), "h\u{fffd}");
        assert_eq!(read_text(b"a\0\xfc", Format::Markdown, None), "a\0\u{fffd}");
    }

    #[test]
    fn a_page_says_how_it_is_encoded() {
        for page in [
            b"<meta charset=\"windows-1252\"><p>M\xfcnchen".as_slice(),
            b"<META http-equiv=content-type content='text/html; charset=iso-8859-1'><p>M\xfcnchen",
            b"<?xml version='1.0' encoding='ISO-8859-1'?><p>M\xfcnchen",
            // Others speak of other files, or of nothing.
            b"<script charset=utf-8 src=x.js></script><meta charset=latin1><p>M\xfcnchen",
            b"<form accept-charset=utf-8></form><meta charset=latin1><p>M\xfcnchen",
            b"<!-- charset --><!-- <meta charset=utf-8> --><meta charset=latin1><p>M\xfcnchen",
            b"<meta name=keywords content='charset, encoding'><META CHARSET = 'latin1'/><p>M\xfcnchen",
            b"<meta charset=klingon><meta charset=latin1><p>M\xfcnchen",
        ] {
            assert!(read(page, Format::Html, None).ends_with("<p>München"));
        }
        let utf8 = "<meta charset=latin1><p>München".as_bytes();
        assert_eq!(to_utf8(utf8, Format::Html, None), Ok(Decoded::whole(utf8)));
        for ascii in ["<meta charset=utf-16><p>x", "<meta charset=iso-2022-kr><p>x"] {
            assert_eq!(read(ascii.as_bytes(), Format::Html, None), ascii);
        }
    }

    #[test]
    fn an_encoding_that_nothing_names_is_guessed() {
        let sjis = b"\x96\xbc\x91O,\x94N\x97\xee\n\x8d\xb2\x93\xa1,30\n\x8eO\x96\xd8,25\n";
        assert_eq!(read(sjis, Format::Csv, None), "名前,年齢\n佐藤,30\n三木,25\n");
        let (latin, said) = (
            b"Die Lampe hei\xdft Gr\xfcn, sagte der M\xfcller.".as_slice(),
            "Die Lampe heißt Grün, sagte der Müller.",
        );
        for format in [Format::PlainText, Format::Markdown, Format::Mdx, Format::Html] {
            assert_eq!(read(latin, format, None), said, "{format:?}");
        }
        // Of what is not in UTF-8 at all, a page that names it says nothing.
        let page = [b"<meta charset=utf-8>".as_slice(), latin].concat();
        assert_eq!(read(&page, Format::Html, None), format!("<meta charset=utf-8>{said}"));
        let russian = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?";
        assert_eq!(read(russian, Format::PlainText, None), "Привет, как дела?");
        for format in [Format::Csv, Format::Json, Format::Html, Format::Markdown] {
            let unmarked: Vec<u8> = "[\"Müller\"]".encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(read(&unmarked, format, None), "[\"Müller\"]", "{format:?}");
        }
    }

    #[test]
    fn damaged_utf_8_is_read_but_for_what_cannot_be() {
        for (bytes, format, expected) in [
            (
                b"Gr\xc3\xbcn und M\xfcller".as_slice(),
                Format::PlainText,
                "Grün und M\u{fffd}ller",
            ),
            (b"Gr\xc3\xbcn, cut\xc3", Format::Html, "Grün, cut\u{fffd}"),
            (b"Gr\xc3\xbcn,M\xfcller", Format::Csv, "Grün,M\u{fffd}ller"),
            (b"\xef\xbb\xbfM\xfcller", Format::Csv, "M\u{fffd}ller"),
            (
                b"<meta charset=utf-8><p>Gr\xc3\xbcn, M\xfcnchen",
                Format::Html,
                "<meta charset=utf-8><p>Grün, M\u{fffd}nchen",
            ),
            // Not counted: the writer's own.
            (
                b"\xef\xbf\xbd Gr\xc3\xbcn\xff",
                Format::Markdown,
                "\u{fffd} Grün\u{fffd}",
            ),
        ] {
            let read = decoded(bytes, format, None);
            assert_eq!(read, (expected.to_owned(), 1), "{format:?} {bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_left_as_it_is() {
        for (bytes, format) in [
            (b"\xff\xfe\xd0".as_slice(), Format::Pdf),
            (b"\xed\xa0\x80", Format::PlainText),
            (b"\x01\x02\x03 \xfc\x04\x05", Format::PlainText),
            (b"<p>\x01\x02\x03\xfc\x04", Format::Html),
            (b"a\0\xfc", Format::Markdown),
            (b"a\0\xc3\xbc\xfc", Format::PlainText),
            (b"[\"M\xfcller\"]", Format::Json),
            (b"[\"Gr\xc3\xbcn M\xfcller\"]", Format::Json),
        ] {
            let left = to_utf8(bytes, format, None);
            assert_eq!(left, Ok(Decoded::whole(bytes)), "{format:?} {bytes:?}");
        }
    }
}
