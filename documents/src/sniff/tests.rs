#![allow(clippy::unwrap_used, reason = "tests")]
use super::Said;
use crate::{Format, ParseError};

fn said<'s>(media_type: &'s str, file_name: &'s str) -> Said<'s> {
    Said {
        media_type,
        file_name: (!file_name.is_empty()).then_some(file_name),
    }
}

fn detect(bytes: &[u8], media_type: &str, file_name: &str) -> Result<Format, ParseError> {
    Format::detect(bytes, &said(media_type, file_name))
}

fn what(result: Result<Format, ParseError>) -> String {
    match result.unwrap_err() {
        ParseError::Unsupported { what, instead } => {
            assert!(instead.ends_with('.'), "{instead}");
            what.to_owned()
        }
        other => format!("{}: {other}", other.code()),
    }
}

/// An archive of empty files with these names, and what its first one says when that is stored.
fn zip(names: &[&str], first: &str) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let (content, length) = (if at == 0 { first } else { "" }, u16::try_from(name.len()).unwrap());
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&[0; 22]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(content.as_bytes());
        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&[0; 24]);
        directory.extend_from_slice(&length.to_le_bytes());
        directory.extend_from_slice(&[0; 16]);
        directory.extend_from_slice(name.as_bytes());
    }
    let start = u32::try_from(bytes.len()).unwrap();
    let size = u32::try_from(directory.len()).unwrap();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\0\0\0\0");
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&start.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes
}

/// A compound file with a stream of this name.
fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(512 + 128, 0);
    let mut entry: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u16::try_from(entry.len() + 2).unwrap();
    entry.resize(64, 0);
    entry.extend_from_slice(&length.to_le_bytes());
    entry.push(2);
    entry.resize(128, 0);
    bytes.extend_from_slice(&entry);
    bytes
}

const DOCX: [&str; 3] = ["[Content_Types].xml", "_rels/.rels", "word/document.xml"];

#[test]
fn bytes_count_more_than_what_was_said() {
    for (media_type, name) in [("text/markdown", "a.md"), ("", ""), ("application/pdf", "a.docx")] {
        assert_eq!(detect(b"%PDF-1.7\n\xe2\xe3", media_type, name), Ok(Format::Pdf));
        assert_eq!(detect(&zip(&DOCX, ""), media_type, name), Ok(Format::Docx));
        assert_eq!(detect(b"{\\rtf1\\ansi x}", media_type, name), Ok(Format::Rtf));
        assert_eq!(detect(b"\xef\xbb\xbf\n{\\rtf1 x}", media_type, name), Ok(Format::Rtf));
        assert_eq!(detect(b"<!DOCTYPE html><p>x", media_type, name), Ok(Format::Html));
        assert_eq!(
            detect(b"\xef\xbb\xbf<!-- saved -->\n<HTML lang=en>", media_type, name),
            Ok(Format::Html)
        );
        let mail = b"Return-Path: <a@b>\r\nSubject: Hello\r\n folded\r\n\r\nText";
        assert_eq!(detect(mail, media_type, name), Ok(Format::Email));
        assert_eq!(what(detect(b"II*\0\x08\0", media_type, name)), "a TIFF picture");
    }
}

#[test]
fn what_was_said_decides_between_formats_that_look_alike() {
    for (media_type, name, format) in [
        ("text/markdown", "", Format::Markdown),
        ("text/markdown", "a.mdx", Format::Mdx),
        ("text/plain", "notes.md", Format::PlainText),
        ("application/octet-stream", "a.md", Format::Markdown),
        ("text/csv", "a.txt", Format::Csv),
        // What Windows calls CSV.
        ("application/vnd.ms-excel", "a.csv", Format::Csv),
        ("", "a.tsv", Format::Csv),
        ("application/json", "", Format::Json),
        ("", "page.htm", Format::Html),
        ("message/rfc822", "", Format::Email),
        ("", "README", Format::PlainText),
    ] {
        assert_eq!(detect(b"a: b, c", media_type, name), Ok(format), "{media_type} {name}");
    }
    assert_eq!(detect(b"[1, 2]", "text/plain", ""), Ok(Format::PlainText));
    assert_eq!(detect(b" {\"a\": 1}", "", "a"), Ok(Format::Json));
    assert_eq!(detect(b"{\"a\": 1}\n{\"a\": 2}\n", "", "a"), Ok(Format::Json));
    assert_eq!(detect(b"[link](to) and more", "", "a"), Ok(Format::PlainText));
    assert_eq!(
        detect(b"<head><title>x</title></head>\n\n# Title", "text/markdown", ""),
        Ok(Format::Markdown)
    );
    assert_eq!(detect(b"<body>x", "", ""), Ok(Format::Html));
}

#[test]
fn a_text_about_pdf_or_mail_is_a_text() {
    let text = b"# PDF\n\nA file begins with %PDF- and its version.";
    assert_eq!(detect(text, "text/markdown", ""), Ok(Format::Markdown));
    let pdf = b"\r\n\r\n%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n";
    assert_eq!(detect(pdf, "text/plain", ""), Ok(Format::Pdf));
    assert_eq!(
        detect(b"Subject: a note\nFrom: me\n\nText", "text/plain", ""),
        Ok(Format::PlainText)
    );
    assert_eq!(detect(b"GIF89a is a format.", "text/plain", ""), Ok(Format::PlainText));
}

#[test]
fn what_is_not_what_was_said_is_told_what_it_looks_like() {
    let error = detect(b"Just words.", "application/pdf", "a.pdf").unwrap_err();
    assert_eq!(
        (
            error.code(),
            error.to_string().contains("sent as a PDF, but looks like plain text")
        ),
        ("format_mismatch", true),
        "{error}"
    );
    assert!(
        detect(b"{\"a\": 1}", "", "a.docx")
            .unwrap_err()
            .to_string()
            .contains("looks like JSON")
    );
    assert_eq!(
        detect(b"\x01\x02\0\xff", "", "a.pdf").unwrap_err().code(),
        "format_mismatch"
    );
    assert_eq!(
        detect(b"", "application/pdf", "").unwrap_err().code(),
        "format_mismatch"
    );
    assert_eq!(
        what(detect(b"\x01\x02\0\xff", "", "a.bin")),
        "a binary file of a kind that is not known"
    );
    // Read as the text it was sent as, which names the first wrong byte.
    assert_eq!(detect(b"\x01\x02\0\xff", "text/plain", ""), Ok(Format::PlainText));
    assert_eq!(detect(b"\xff\xfeh\0i\0", "", "a.txt"), Ok(Format::PlainText));
}

#[test]
fn an_archive_is_what_its_files_are() {
    let types = "[Content_Types].xml";
    assert_eq!(
        detect(&zip(&[types, "ppt/presentation.xml"], ""), "", ""),
        Ok(Format::Pptx)
    );
    assert_eq!(
        detect(&zip(&[types, "xl/workbook.bin"], ""), "", ""),
        Ok(Format::Spreadsheet)
    );
    assert_eq!(
        what(detect(&zip(&["a.txt", "b/word/c.xml"], ""), "", "a.docx")),
        "a ZIP archive"
    );
    assert_eq!(
        what(detect(b"PK\x05\x06\0\0", "", "")),
        "damaged: The ZIP archive is damaged and cannot be read: the list of its files is missing at its end, as if it was cut off. Open it, save it anew and send it again."
    );
    let whole = zip(&DOCX, "");
    for cut in 4..whole.len() - 23 {
        assert_eq!(
            detect(whole.get(..cut).unwrap(), "", "a.docx").unwrap_err().code(),
            "damaged"
        );
    }
    // An archive behind something else, whose offsets are all wrong.
    let shifted = [b"PK\x03\x04 before".as_slice(), &whole].concat();
    assert_eq!(detect(&shifted, "", ""), Ok(Format::Docx));
    for (kind, expected) in [
        ("application/vnd.oasis.opendocument.text", Format::Odt),
        ("application/vnd.oasis.opendocument.text-template", Format::Odt),
        ("application/vnd.oasis.opendocument.presentation", Format::Odp),
        ("application/epub+zip", Format::Epub),
    ] {
        assert_eq!(
            detect(&zip(&["mimetype", "content.xml"], kind), "", "a.docx"),
            Ok(expected)
        );
    }
    // Without the entry that says what it is.
    let unsaid = zip(&["content.xml", "META-INF/manifest.xml"], "");
    assert_eq!(detect(&unsaid, "", "a.odt"), Ok(Format::Odt));
    assert_eq!(detect(&unsaid, "", "a.odp"), Ok(Format::Odp));
    assert_eq!(what(detect(&unsaid, "", "")), "a ZIP archive");
    let book = zip(&["META-INF/container.xml", "OPS/book.opf"], "");
    assert_eq!(detect(&book, "", ""), Ok(Format::Epub));
    let drawing = "application/vnd.oasis.opendocument.graphics";
    assert_eq!(
        what(detect(&zip(&["mimetype", "content.xml"], drawing), "", "")),
        "an OpenDocument file of a kind that is not read"
    );
    for (kind, expected) in [("text", Ok(Format::Odt)), ("presentation", Ok(Format::Odp))] {
        let flat = format!(
            r#"<?xml version="1.0"?><office:document xmlns:office="o" office:mimetype="application/vnd.oasis.opendocument.{kind}">"#
        );
        assert_eq!(detect(flat.as_bytes(), "", ""), expected);
    }
    let sheet = "application/vnd.oasis.opendocument.spreadsheet";
    assert_eq!(
        detect(&zip(&["mimetype", "content.xml"], sheet), "", ""),
        Ok(Format::Spreadsheet)
    );
}

#[test]
fn a_compound_file_is_what_its_streams_are() {
    assert_eq!(detect(&compound("Workbook"), "", "a.doc"), Ok(Format::Spreadsheet));
    assert_eq!(
        what(detect(&compound("WordDocument"), "", "")),
        "a Word document of before 2007 (.doc)"
    );
    assert_eq!(
        what(detect(&compound("__properties_version1.0"), "", "")),
        "an Outlook message (.msg)"
    );
    assert_eq!(
        what(detect(&compound("Odd"), "", "")),
        "a compound file of a program that is not known"
    );
    let error = detect(&compound("EncryptedPackage"), "", "a.xlsx").unwrap_err();
    assert_eq!(error, ParseError::Encrypted { format: "workbook" });
}

#[test]
fn every_start_of_every_kind_of_file_is_looked_at_without_a_panic() {
    let files = [
        zip(&DOCX, ""),
        zip(&["mimetype"], "application/epub+zip"),
        compound("Workbook"),
        b"From a\nReceived: b\nTo: c\n\nd".to_vec(),
        "<!DOCTYPE html><\u{fc}".as_bytes().to_vec(),
    ];
    for file in files {
        for length in 0..file.len() {
            let _ = detect(file.get(..length).unwrap(), "", "");
            let mut flipped = file.clone();
            if let Some(byte) = flipped.get_mut(length) {
                *byte ^= 0xff;
            }
            let _ = detect(&flipped, "text/markdown", "a.pdf");
        }
    }
}

#[test]
fn the_charset_is_a_parameter_of_the_media_type() {
    let charset = |media_type| said(media_type, "").charset();
    assert_eq!(
        charset("text/plain; format=flowed; Charset=\"ISO-8859-1\""),
        Some("ISO-8859-1")
    );
    assert_eq!(charset("text/plain; charset="), None);
    assert_eq!(charset("text/plain"), None);
}
