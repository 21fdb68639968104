//! The API accepts what the workers read: it knows nothing of the crate that parses.
use api::document_types::{EXTENSIONS, MEDIA_TYPES, declares_encoding, media_type_of_file};
use documents::{Attachments, Format, parse_in, read_text};
use integrations::web::read_links;
use std::collections::HashSet;
use url::Url;

#[test]
fn every_media_type_that_is_accepted_is_read_and_every_format_is_accepted() {
    let accepted: HashSet<Format> = MEDIA_TYPES
        .iter()
        .map(|(media_type, _)| Format::of_media_type(media_type).unwrap_or_else(|| panic!("{media_type} is not read")))
        .collect();
    for format in Format::ALL {
        assert!(accepted.contains(&format), "{format:?} is not accepted");
        let own = format.media_type();
        assert!(
            MEDIA_TYPES.iter().any(|(media_type, _)| *media_type == own),
            "{own} is not accepted"
        );
    }
}

#[test]
fn every_extension_means_the_same_to_both() {
    for (extension, media_type) in EXTENSIONS {
        let name = format!("a.{}", extension.to_ascii_uppercase());
        assert_eq!(media_type_of_file(&name), Some(*media_type));
        assert_eq!(Format::of_file_name(&name), Format::of_media_type(media_type), "{name}");
        assert!(Format::of_file_name(&name).is_some(), "{name}");
    }
    let formats: HashSet<_> = EXTENSIONS
        .iter()
        .filter_map(|(_, of)| Format::of_media_type(of))
        .collect();
    assert_eq!(formats.len(), Format::ALL.len());
}

/// The parser, who follows a page's links, and the command line, which is told an encoding for files that do not say theirs.
#[test]
fn a_page_is_in_one_encoding_for_all_who_look_at_it() {
    let (utf8, katakana) = ("Müller".as_bytes(), b"\x83e\x83X\x83g".as_slice());
    let (latin, damaged) = (b"M\xfcller".as_slice(), b"M\xc3\xbcller\xff".as_slice());
    for (head, word, charset, expected, declares) in [
        (b"".as_slice(), utf8, None, "Müller", false),
        (
            b"<p>Die Lampe hei\xdft Gr\xfcn, sagte der M\xfcller.</p>",
            latin,
            None,
            "Müller",
            false,
        ),
        (b"<meta charset=latin1>", latin, None, "Müller", true),
        // It is named, and is not it.
        (
            b"<meta charset=utf-8><p>Die Lampe hei\xdft Gr\xfcn, sagte der M\xfcller.</p>",
            latin,
            None,
            "Müller",
            false,
        ),
        // What is UTF-8 beyond ASCII is UTF-8, whatever it says.
        (b"<meta charset=latin1>", utf8, None, "Müller", true),
        (b"<meta charset=unicode>", utf8, None, "Müller", false),
        (
            b"<script charset=utf-8></script><meta charset=windows-1252>",
            latin,
            None,
            "Müller",
            true,
        ),
        (
            b"<meta http-equiv=content-type content='text/html; charset=windows-1252'><script charset=utf-8></script>",
            latin,
            None,
            "Müller",
            true,
        ),
        (
            b"<!-- <meta charset=shift_jis> --><meta charset=utf-8>",
            damaged,
            None,
            "Müller\u{fffd}",
            false,
        ),
        (
            b"<meta charset=klingon><meta charset='Shift_JIS'/>",
            katakana,
            None,
            "テスト",
            true,
        ),
        (
            b"<?xml version='1.0' encoding='Shift_JIS'?>",
            katakana,
            None,
            "テスト",
            true,
        ),
        (b"", damaged, None, "Müller\u{fffd}", false),
        (b"<meta charset=utf-8>", katakana, Some("shift_jis"), "テスト", false),
        (
            b"\xef\xbb\xbf<meta charset=latin1>",
            utf8,
            Some("shift_jis"),
            "Müller",
            true,
        ),
    ] {
        let page = [head, b"<p>It is ", word, b" <a href='/", word, b"'>x</a></p>"].concat();
        let shown = format!("{} {charset:?}", page.escape_ascii());
        let parsed = parse_in(&page, Format::Html, charset, Attachments::Read).unwrap();
        let is_read = parsed.blocks.iter().any(|block| block.text.contains(expected));
        assert!(is_read, "{shown}: {:?}", parsed.blocks);
        let url = Url::parse("https://example.com/").unwrap();
        let links = read_links(&read_text(&page, Format::Html, charset), &url).links;
        assert_eq!(links, [url.join(&format!("/{expected}")).unwrap()], "{shown}");
        assert_eq!(declares_encoding(&page), declares, "{shown}");
    }
}
