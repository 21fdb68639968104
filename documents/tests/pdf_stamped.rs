//! Pages of PDFs that are pictures though a little text stands on them, and text that no program can read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod pdf_writer;

use documents::{Format, ParseError, ParsedDocument, RecognisedPage, parse_recognised};
use pdf_writer::{PdfWriter, assemble, lines, text};
use serde_json::{Value, json};

const STAMP: &str = "DocuSign Envelope ID: 8A7B3C9D-1234-5678-9ABC-DEF012345678";
const CONTRACT: &str = "The tenant pays the rent on the first of each month and returns the keys at the end.";

/// An image of a pixel on the page, by the transformation that PDFs give; the origin is at the bottom left, the page 612 by 792.
fn image(transform: &str) -> String {
    format!("q {transform} cm BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID 80> EI Q\n")
}

fn scan() -> String {
    image("612 0 0 792 0 0")
}

fn stamp() -> String {
    text("F1", 8.0, 20.0, 775.0, STAMP)
}

/// hOCR of a page of 612 by 792 points at 300 dots an inch, a line for each of the texts.
fn hocr(page: usize, texts: &[&str]) -> RecognisedPage {
    let mut spans = String::new();
    for (line, text) in texts.iter().enumerate() {
        let bottom = 85 + 300 * line;
        let mut left = 80;
        let mut words = String::new();
        for word in text.split(' ') {
            let right = left + 20 * word.chars().count();
            words += &format!(
                "<span class='ocrx_word' title='bbox {left} {} {right} {bottom}; x_wconf 95'>{word}</span> ",
                bottom - 40
            );
            left = right + 10;
        }
        spans += &format!(
            "<span class='ocr_line' title='bbox 80 {} {left} {bottom}; baseline 0 -10; x_size 40; x_descenders 10; x_ascenders 10'>{words}</span>\n",
            bottom - 40
        );
    }
    let hocr = format!("<html><body><div class='ocr_page' title='bbox 0 0 2550 3300'>{spans}</div></body></html>");
    RecognisedPage { page, hocr }
}

fn parse(pdf: &[u8]) -> ParsedDocument {
    documents::parse(pdf, Format::Pdf).unwrap()
}

fn read(pdf: &[u8], recognised: &[RecognisedPage]) -> ParsedDocument {
    parse_recognised(pdf, Format::Pdf, recognised).unwrap()
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn a_scan_with_a_stamp_is_a_picture_and_keeps_the_stamp_where_nobody_reads_it() {
    let pdf = PdfWriter::default().page(scan() + &stamp()).finish();
    let unread = parse(&pdf);
    assert_eq!(unread.pictures, [1]);
    assert_eq!(unread.metadata["pages_without_text"], json!([1]));
    assert_eq!(texts(&unread), [STAMP]);
    // A recogniser that finds nothing, or less.
    for (found, without_text) in [(vec![], json!([1])), (vec!["DocuSign"], Value::Null)] {
        let document = read(&pdf, &[hocr(1, &found)]);
        assert_eq!(texts(&document), [STAMP], "{found:?}");
        assert_eq!(document.metadata.get("pages_recognised"), None);
        let listed = document.metadata.get("pages_without_text");
        assert_eq!(listed.unwrap_or(&Value::Null), &without_text, "{found:?}");
    }
}

#[test]
fn what_was_recognised_replaces_the_stamp_that_was_read_with_it() {
    let pdf = PdfWriter::default().page(scan() + &stamp()).finish();
    let document = read(&pdf, &[hocr(1, &[STAMP, CONTRACT])]);
    assert_eq!(texts(&document), [STAMP, CONTRACT]);
    assert_eq!(document.metadata["pages_recognised"], json!([1]));
    assert_eq!(document.metadata["recognition_certainty"], json!(95));
    assert_eq!(document.metadata.get("pages_without_text"), None);
    assert!(document.pictures.is_empty());
}

#[test]
fn a_stamp_on_every_page_is_a_running_head_and_no_text() {
    let pdf = (0..4)
        .fold(PdfWriter::default(), |pdf, _| pdf.page(scan() + &stamp()))
        .finish();
    let refused = documents::parse(&pdf, Format::Pdf);
    let pictures = vec![1, 2, 3, 4];
    assert_eq!(refused, Err(ParseError::NoTextLayer { pages: 4, pictures }));
    let nothing: Vec<RecognisedPage> = (1..=4).map(|page| hocr(page, &[])).collect();
    let refused = parse_recognised(&pdf, Format::Pdf, &nothing);
    assert_eq!(refused, Err(ParseError::NothingRecognised { pages: 4 }));
    let document = read(&pdf, &[hocr(2, &[STAMP, CONTRACT])]);
    assert_eq!(texts(&document), [CONTRACT]);
    assert_eq!(document.metadata["pages_without_text"], json!([1, 3, 4]));
}

#[test]
fn a_page_is_a_picture_where_images_cover_most_of_it_and_its_text_is_short() {
    let strips: String = (0..4)
        .map(|strip| image(&format!("612 0 0 150 0 {}", 40 + 150 * strip)))
        .collect();
    let written: Vec<String> = (0..8)
        .map(|line| format!("Line {line} of a page that somebody has written."))
        .collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    for (name, content, is_picture) in [
        ("the whole page", scan(), true),
        ("turned by a right angle", image("0 792 -612 0 612 0"), true),
        ("upside down", image("-612 0 0 -792 612 792"), true),
        ("strips", strips, true),
        ("larger than the page", image("1800 0 0 2400 -600 -800"), true),
        ("a third of it", image("612 0 0 264 0 200"), false),
        ("beside the page", image("612 0 0 792 700 0"), false),
        ("mostly beside the page", image("612 0 0 792 400 0"), false),
        ("turned by half a right angle", image("300 300 -300 300 306 100"), false),
    ] {
        let pdf = PdfWriter::default().page(content.clone() + &stamp()).finish();
        assert_eq!(!parse(&pdf).pictures.is_empty(), is_picture, "{name}");
        let pdf = PdfWriter::default()
            .page(content + &lines(60.0, 700.0, &written))
            .finish();
        assert!(parse(&pdf).pictures.is_empty(), "{name} under a page of text");
        assert_eq!(parse(&pdf).metadata.get("pages_without_text"), None, "{name}");
    }
}

/// A page in a font whose signs have no names that say what they are, after words in one whose signs do.
fn unreadable(signs: usize, words: &str) -> Vec<u8> {
    let content = text("F1", 10.0, 60.0, 700.0, words) + &text("F2", 10.0, 60.0, 600.0, &"ab".repeat(signs / 2));
    let sign = "600 0 0 0 500 700 d1 0 0 500 700 re f";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 6 0 R /F2 7 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 600 700] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /x-1 8 0 R /x-2 8 0 R >> \
         /Encoding << /Type /Encoding /Differences [97 /x-1 /x-2] >> /FirstChar 97 /LastChar 98 /Widths [600 600] >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{sign}\nendstream", sign.len()),
    ];
    assemble(&objects.map(String::into_bytes))
}

#[test]
fn a_page_whose_signs_do_not_say_what_they_are_is_a_picture() {
    assert!(matches!(
        documents::parse(&unreadable(40, ""), Format::Pdf),
        Err(ParseError::NoTextLayer { pages: 1, .. })
    ));
    let pdf = unreadable(40, "Page 1 of 3");
    let unread = parse(&pdf);
    assert_eq!(
        (unread.pictures.as_slice(), texts(&unread)),
        ([1].as_slice(), vec!["Page 1 of 3"])
    );
    assert_eq!(unread.metadata["pages_without_text"], json!([1]));
    assert_eq!(texts(&read(&pdf, &[hocr(1, &[CONTRACT])])), [CONTRACT]);
    // A few ornaments on a page of text.
    let ornaments = parse(&unreadable(10, "A page of text with ornaments."));
    assert!(ornaments.pictures.is_empty() && !ornaments.metadata.contains_key("pages_without_text"));
}
