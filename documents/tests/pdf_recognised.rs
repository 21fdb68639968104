//! Pages of PDFs that are pictures: how they are drawn, and how what a recogniser read on them is laid out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod pdf_writer;

use documents::{BlockKind, Format, ParseError, ParsedDocument, Picture, RecognisedPage};
use pdf_writer::{PdfWriter, lines, rule};
use serde_json::json;
use std::fmt::Write;

/// Letter paper at 300 dots an inch.
const WIDTH: u32 = 2550;
const HEIGHT: u32 = 3300;

fn draw_page(pdf: &[u8], page: usize) -> Result<Picture, ParseError> {
    documents::draw(pdf, Format::Pdf, page)
}

fn parse_recognised(pdf: &[u8], recognised: &[RecognisedPage]) -> Result<ParsedDocument, ParseError> {
    documents::parse_recognised(pdf, Format::Pdf, recognised)
}

/// Something that is no text.
fn picture() -> String {
    rule((60.0, 60.0), (500.0, 500.0))
}

/// hOCR as Tesseract 5 writes it.
#[derive(Default)]
struct Hocr {
    lines: String,
}

impl Hocr {
    /// A level line from `left`, its baseline 10 pixels above `bottom`: words with the certainty of each.
    fn line(mut self, left: u32, bottom: u32, size: u32, words: &[(&str, u32)]) -> Self {
        let letter = size / 2;
        let (mut at, mut spans) = (left, String::new());
        for (word, certainty) in words {
            let right = at + letter * u32::try_from(word.chars().count()).unwrap();
            let word = word.replace('&', "&amp;").replace('<', "&lt;");
            write!(
                spans,
                "<span class='ocrx_word' title='bbox {at} {} {right} {bottom}; x_wconf {certainty}'>{word}</span> ",
                bottom - size
            )
            .unwrap();
            at = right + letter / 2;
        }
        writeln!(
            self.lines,
            "<span class='ocr_line' title=\"bbox {left} {} {at} {bottom}; baseline 0.001 -10; x_size {size}; x_descenders 10; x_ascenders 10\">{spans}</span>",
            bottom - size
        )
        .unwrap();
        self
    }

    fn text(self, left: u32, bottom: u32, size: u32, text: &str) -> Self {
        let words: Vec<(&str, u32)> = text.split(' ').map(|word| (word, 95)).collect();
        self.line(left, bottom, size, &words)
    }

    fn page(self, page: usize) -> RecognisedPage {
        let hocr = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\"><head><title></title></head><body>\
             <div class='ocr_page' title='image \"stdin\"; bbox 0 0 {WIDTH} {HEIGHT}; ppageno 0; scan_res 300 300'>\
             <div class='ocr_carea'><p class='ocr_par' lang='eng'>{}</p></div></div></body></html>",
            self.lines
        );
        RecognisedPage { page, hocr }
    }
}

fn blocks(document: &ParsedDocument) -> Vec<(String, BlockKind, &str)> {
    let blocks = document.blocks.iter();
    blocks
        .map(|block| (block.headings.join("/"), block.kind, block.text.as_str()))
        .collect()
}

#[test]
fn a_page_is_drawn_as_a_person_sees_it() {
    // A square of two inches, one from the left and the top.
    let square = "0 g 72 576 144 144 re f\n";
    let file = PdfWriter::default().page("").page(square).finish();
    let drawn = draw_page(&file, 2).unwrap();
    assert_eq!((drawn.width, drawn.height, drawn.dots_per_inch), (WIDTH, HEIGHT, 300));
    let at = |x: u32, y: u32| drawn.grey[(y * WIDTH + x) as usize];
    for (x, y, shade) in [
        (10, 10, 255),
        (305, 305, 0),
        (895, 895, 0),
        (910, 895, 255),
        (305, 910, 255),
    ] {
        assert_eq!(at(x, y), shade, "{x} {y}");
    }
    let pgm = drawn.to_pgm();
    assert!(pgm.starts_with(b"P5\n2550 3300\n255\n"));
    assert_eq!(pgm.len(), 17 + drawn.grey.len());
    assert!(
        draw_page(&file, 1).unwrap().grey.iter().all(|grey| *grey == 255),
        "an empty page"
    );
    for page in [0, 3, usize::MAX] {
        assert!(
            matches!(draw_page(&file, page), Err(ParseError::Damaged { .. })),
            "{page}"
        );
    }
}

#[test]
fn a_page_of_any_size_is_drawn_within_bounds() {
    let sized = |size: &str| {
        let file = PdfWriter::default().page(picture()).finish();
        let text = String::from_utf8(file).unwrap();
        text.replace("[0 0 612 792]", size).into_bytes()
    };
    for size in ["[0 0 9000 9000]", "[0 0 14400 20]", "[0 0 4 4]"] {
        let drawn = draw_page(&sized(size), 1).unwrap();
        assert!(
            drawn.grey.len() <= 40_000_000,
            "{size}: {} by {}",
            drawn.width,
            drawn.height
        );
        assert!(drawn.width.max(drawn.height) <= 20_000, "{size}");
        assert_eq!(drawn.grey.len(), (drawn.width * drawn.height) as usize);
    }
    for size in [
        "[0 0 1000000000000 1000000000000]",
        "[0 0 1000000000 1]",
        "[0 0 0 0]",
        "[0 0 nan 1]",
    ] {
        // Whatever the library makes of it, nothing large comes of it.
        let drawn = draw_page(&sized(size), 1);
        assert!(
            drawn.is_err() || drawn.is_ok_and(|drawn| drawn.grey.len() <= 40_000_000),
            "{size}"
        );
    }
}

#[test]
fn what_was_recognised_is_laid_out_like_any_page() {
    // Lines of one size, as they are measured.
    let page = Hocr::default()
        .text(250, 300, 80, "Refund policy")
        .text(250, 450, 42, "Money comes back within a week, the way it was")
        .text(250, 505, 36, "paid in the first place; gift cards are not re-")
        .text(250, 560, 48, "funded. R&D <pays> nothing.")
        .text(250, 700, 40, "- By post")
        .text(250, 760, 40, "- By courier")
        .page(1);
    let file = PdfWriter::default().page(picture()).finish();
    let document = parse_recognised(&file, &[page]).unwrap();
    assert_eq!(document.title.as_deref(), Some("Refund policy"));
    let under = "Refund policy".to_owned();
    let paragraph = "Money comes back within a week, the way it was paid in the first place; gift cards are not refunded. R&D <pays> nothing.";
    let expected = [
        (under.clone(), BlockKind::Paragraph, paragraph),
        (under.clone(), BlockKind::ListItem, "- By post"),
        (under, BlockKind::ListItem, "- By courier"),
    ];
    assert_eq!(blocks(&document), expected);
    assert_eq!(document.metadata["pages_recognised"], json!([1]));
    assert_eq!(document.metadata["recognition_certainty"], json!(95));
    assert!(document.pictures.is_empty());
}

#[test]
fn words_that_are_read_from_the_right_keep_their_letters_in_order() {
    let page = Hocr::default().text(250, 300, 60, "שלום").page(1);
    let file = PdfWriter::default().page(picture()).finish();
    let document = parse_recognised(&file, &[page]).unwrap();
    assert_eq!(document.blocks[0].text, "שלום");
}

#[test]
fn pages_keep_their_order_and_a_page_with_text_keeps_it() {
    let file = PdfWriter::default()
        .page(lines(60.0, 700.0, &["Written first."]))
        .page(picture())
        .page(lines(60.0, 700.0, &["Written last."]))
        .page(picture())
        .finish();
    let unread = documents::parse(&file, Format::Pdf).unwrap();
    assert_eq!(unread.pictures, [2, 4]);
    let recognised = [
        Hocr::default().text(250, 300, 42, "Scanned in between.").page(2),
        Hocr::default()
            .text(250, 300, 42, "Never seen, though it is longer.")
            .page(3),
        Hocr::default().text(250, 300, 42, "No such page.").page(9),
    ];
    let document = parse_recognised(&file, &recognised).unwrap();
    let texts: Vec<&str> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(texts, ["Written first.", "Scanned in between.", "Written last."]);
    assert_eq!(document.metadata["pages_recognised"], json!([2]));
    assert_eq!(document.metadata["pages_without_text"], json!([4]));
    assert_eq!(document.pictures, [4]);
}

#[test]
fn columns_and_tables_of_a_scan_are_found() {
    let mut page = Hocr::default();
    for (row, cells) in [
        ["Measure", "Value", "Range"],
        ["Pulse", "78", "60-100"],
        ["Oxygen", "97", "95-100"],
    ]
    .iter()
    .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            let (left, bottom) = (
                250 + 700 * u32::try_from(column).unwrap(),
                300 + 60 * u32::try_from(row).unwrap(),
            );
            page = page.text(left, bottom, 42, cell);
        }
    }
    let file = PdfWriter::default().page(picture()).finish();
    let document = parse_recognised(&file, &[page.page(1)]).unwrap();
    let expected = "Measure | Value | Range\nPulse | 78 | 60-100\nOxygen | 97 | 95-100";
    assert_eq!(blocks(&document), [(String::new(), BlockKind::Table, expected)]);
}

#[test]
fn words_that_are_none_are_left_out() {
    let page = Hocr::default()
        .line(250, 300, 42, &[("Invoice", 96), ("hudSsiiet", 0), ("4711", 12)])
        .page(1);
    let file = PdfWriter::default().page(picture()).finish();
    let document = parse_recognised(&file, &[page]).unwrap();
    assert_eq!(document.blocks[0].text, "Invoice 4711");
    assert_eq!(document.metadata["recognition_certainty"], json!(54));
}

#[test]
fn lines_that_are_turned_are_read_along_themselves() {
    // Each a column of words that stands upright: from its foot up, from its head down; and one upside down.
    let line = |angle: u32, line: &str, words: [(&str, &str); 2]| {
        let words: String = words
            .iter()
            .map(|(bbox, word)| format!("<span class='ocrx_word' title='bbox {bbox}; x_wconf 90'>{word}</span>"))
            .collect();
        format!(
            "<span class='ocr_line' title='bbox {line}; x_size 42; x_descenders 8; textangle {angle}'>{words}</span>"
        )
    };
    for (angle, at, words) in [
        (
            90,
            "100 100 142 600",
            [("100 400 142 600", "Read"), ("100 100 142 380", "upwards")],
        ),
        (
            270,
            "100 100 142 600",
            [("100 100 142 300", "Read"), ("100 320 142 600", "downwards")],
        ),
        (
            180,
            "100 100 600 142",
            [("400 100 600 142", "Read"), ("100 100 380 142", "over")],
        ),
    ] {
        let hocr = format!(
            "<html><body><div class='ocr_page' title='bbox 0 0 {WIDTH} {HEIGHT}'>{}</div></body></html>",
            line(angle, at, words)
        );
        let file = PdfWriter::default().page(picture()).finish();
        let document = parse_recognised(&file, &[RecognisedPage { page: 1, hocr }]).unwrap();
        assert_eq!(document.blocks[0].text, format!("Read {}", words[1].1), "{angle}");
    }
}

#[test]
fn what_is_no_hocr_is_no_text() {
    let file = PdfWriter::default().page(picture()).finish();
    let deep = format!("<html>{}", "<div>".repeat(100_000));
    for hocr in ["", "Not XML", "<html", deep.as_str(), &Hocr::default().page(1).hocr] {
        let read = parse_recognised(
            &file,
            &[RecognisedPage {
                page: 1,
                hocr: hocr.to_owned(),
            }],
        );
        let start: String = hocr.chars().take(40).collect();
        assert_eq!(read, Err(ParseError::NothingRecognised { pages: 1 }), "{start}");
    }
    // Sizes that make no sense are laid out somehow.
    let hocr = "<html><div class='ocr_page' title='bbox 0 0 1e30 1'><span class='ocr_line' title='bbox 0 0 1e30 1e30; x_size 1e-30'><span class='ocrx_word' title='bbox 0 0 1e30 1; x_wconf 99'>a</span></span></div></html>".to_owned();
    let _ = parse_recognised(&file, &[RecognisedPage { page: 1, hocr }]);
}

#[test]
fn a_picture_is_read_like_a_page() {
    let page = Hocr::default()
        .text(250, 300, 80, "Error 4711")
        .text(250, 450, 42, "The lamp is not connected.")
        .page(1);
    let document = documents::parse_recognised(b"", Format::Png, std::slice::from_ref(&page)).unwrap();
    assert_eq!(document.title.as_deref(), Some("Error 4711"));
    assert_eq!(document.image, None);
    assert_eq!(document.metadata["recognition_certainty"], json!(95));
    assert_eq!(
        blocks(&document),
        [(
            "Error 4711".to_owned(),
            BlockKind::Paragraph,
            "The lamp is not connected."
        )]
    );
    let empty = documents::parse_recognised(b"", Format::Jpeg, &[Hocr::default().page(1)]);
    assert_eq!(empty, Err(ParseError::NoText));
}
