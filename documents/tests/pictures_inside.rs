//! Pictures inside documents: which of them may have words on them, how they are numbered and drawn, and where what a recogniser read on them stands.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod office_writer;
mod pdf_writer;

use documents::{Format, ParseError, ParsedDocument, RecognisedPage};
use image::{GrayImage, ImageFormat, Luma};
use office_writer::{Piece, docx, eml, pptx, xlsx};
use pdf_writer::{PdfWriter, lines, rule};
use serde_json::{Value, json};
use std::io::Cursor;

use Piece::{Picture, Row, Text};

fn png_of(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = GrayImage::from_pixel(width, height, Luma([shade]));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// As large as a page of a book on a screen.
fn png(shade: u8) -> Vec<u8> {
    png_of(600, 400, shade)
}

/// What Tesseract would say of a page or a picture on which one line stands.
fn recognised(number: usize, line: &str) -> RecognisedPage {
    let words: String = line
        .split(' ')
        .enumerate()
        .map(|(index, word)| {
            let left = 100 + 220 * index;
            format!(
                "<span class='ocrx_word' title='bbox {left} 100 {} 140; x_wconf 90'>{word}</span> ",
                left + 200
            )
        })
        .collect();
    let hocr = format!(
        "<html><body><div class='ocr_page' title='bbox 0 0 2550 3300'><span class='ocr_line' title='bbox 100 100 2400 140; x_size 40; x_descenders 8'>{words}</span></div></body></html>"
    );
    RecognisedPage { page: number, hocr }
}

fn texts(document: &ParsedDocument) -> Vec<String> {
    let text = |block: &documents::Block| [block.headings.clone(), vec![block.text.clone()]].concat().join(" / ");
    document.blocks.iter().map(text).collect()
}

fn told<'d>(document: &'d ParsedDocument, name: &str) -> &'d Value {
    document.metadata.get(name).unwrap_or(&Value::Null)
}

/// The shade that is in the middle of what is drawn.
fn shade_of(bytes: &[u8], format: Format, number: usize) -> u8 {
    let drawn = documents::draw(bytes, format, number).unwrap();
    drawn.grey[drawn.grey.len() / 2]
}

#[test]
fn the_pictures_of_a_word_document_are_numbered_drawn_and_read_where_they_stand() {
    let (logo, line, first, second) = (png_of(250, 250, 9), png_of(4_000, 30, 9), png(50), png(200));
    let pieces = [
        Text("Before."),
        Picture(0),
        Picture(1),
        Picture(2),
        Text("Between."),
        // The same bytes in another part.
        Picture(4),
        Row("A cell.", 3),
        Picture(2),
        Text("After."),
    ];
    let file = docx(&pieces, &[&logo, &line, &first, &second, &first]);
    let unread = documents::parse(&file, Format::Docx).unwrap();
    assert_eq!(unread.pictures, [1, 2]);
    assert_eq!(texts(&unread), ["Before.", "Between.", "A cell.", "After."]);
    assert_eq!(told(&unread, "pictures_not_read"), &json!(2));
    assert_eq!([1, 2].map(|number| shade_of(&file, Format::Docx, number)), [50, 200]);
    for number in [0, 3] {
        let none = documents::draw(&file, Format::Docx, number).err();
        assert_eq!(none, Some(ParseError::NoSuchPicture { number }));
    }

    let both = [recognised(2, "Second picture"), recognised(1, "First picture")];
    let read = documents::parse_recognised(&file, Format::Docx, &both).unwrap();
    let expected = [
        "Before.",
        "First picture",
        "Between.",
        "A cell.",
        "Second picture",
        "After.",
    ];
    assert_eq!(texts(&read), expected);
    assert!(read.pictures.is_empty());
    let figures = ["pictures_recognised", "recognition_certainty", "pictures_not_read"];
    assert_eq!(
        figures.map(|name| told(&read, name)),
        [&json!(2), &json!(90), &Value::Null]
    );

    let one = documents::parse_recognised(&file, Format::Docx, &both[..1]).unwrap();
    assert_eq!(one.pictures, [1]);
    assert_eq!(figures.map(|name| told(&one, name)), [&json!(1), &json!(90), &json!(1)]);
}

#[test]
fn several_pictures_are_drawn_at_once_as_many_as_have_the_pixels_of_one() {
    let pictures: Vec<Vec<u8>> = (1..=9).map(|shade| png(20 * shade)).collect();
    let pictures: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    let pieces: Vec<Piece<'_>> = (0..9).map(Picture).collect();
    let drawn = |file: &[u8], format: Format, numbers: &[usize]| -> Vec<(usize, Option<u8>)> {
        let drawn = documents::draw_some(file, format, numbers).unwrap();
        let shade = |drawn: documents::Drawn| (drawn.number, drawn.picture.ok().map(|picture| picture.grey[0]));
        drawn.into_iter().map(shade).collect()
    };
    let some = [(2, Some(40)), (3, Some(60)), (9, Some(180))];
    for (file, format) in [
        (docx(&pieces, &pictures), Format::Docx),
        (pptx("Plan", &pieces, &pictures), Format::Pptx),
        (xlsx(None, &pictures), Format::Spreadsheet),
    ] {
        assert_eq!(drawn(&file, format, &[2, 3, 9]), some, "{format:?}");
    }
    let scan = PdfWriter::default().page("0 g 0 0 612 792 re f\n").page("").finish();
    let deck = pptx("Plan", &pieces, &pictures);
    let mail = eml(
        "Two.",
        &[
            ("application/pdf", "scan.pdf", &scan),
            ("application/octet-stream", "deck.pptx", &deck),
        ],
    );
    let of_both = [(1, Some(0)), (2, Some(255)), (3, Some(20)), (11, Some(180))];
    assert_eq!(drawn(&mail, Format::Email, &[1, 2, 3, 11, 12]), of_both);

    // The second would be too much, and what cannot be decoded is nothing.
    let (large, mut broken) = (png_of(6_000, 5_000, 7), png(50));
    let end = broken.len() - 30;
    broken[end] ^= 0xFF;
    let other = png_of(6_000, 5_000, 8);
    let file = docx(&pieces[..3], &[&broken, &large, &other]);
    assert_eq!(drawn(&file, Format::Docx, &[1, 2, 3]), [(1, None), (2, Some(7))]);
    assert_eq!(drawn(&file, Format::Docx, &[3]), [(3, Some(8))]);
}

#[test]
fn a_picture_on_which_no_words_were_found_has_been_read() {
    let file = docx(&[Text("Words."), Picture(0)], &[&png(50)]);
    let hocr = "<html><body><div class='ocr_page' title='bbox 0 0 9 9'/></body></html>".to_owned();
    let read = documents::parse_recognised(&file, Format::Docx, &[RecognisedPage { page: 1, hocr }]).unwrap();
    assert_eq!((texts(&read), read.pictures.len()), (vec!["Words.".to_owned()], 0));
    assert_eq!(told(&read, "pictures_recognised"), &Value::Null);
    assert_eq!(told(&read, "pictures_not_read"), &Value::Null);
}

#[test]
fn a_document_of_pictures_alone_says_so_until_they_are_read() {
    let file = docx(&[Picture(0), Picture(1)], &[&png(50), &png(60)]);
    let error = documents::parse(&file, Format::Docx).unwrap_err();
    assert_eq!((error.code(), error.pictures()), ("no_text_layer", [1, 2].as_slice()));
    assert!(error.to_string().contains("pictures, 2 of which"), "{error}");
    let read = documents::parse_recognised(&file, Format::Docx, &[recognised(2, "Scanned words")]).unwrap();
    assert_eq!(texts(&read), ["Scanned words"]);
}

#[test]
fn pictures_of_slides_and_sheets_are_read_under_their_headings() {
    let (first, second) = (png(50), png(200));
    let slides = pptx(
        "Plan",
        &[Text("Above."), Picture(1), Text("Below."), Picture(0)],
        &[&first, &second],
    );
    assert_eq!(documents::parse(&slides, Format::Pptx).unwrap().pictures, [1, 2]);
    assert_eq!([1, 2].map(|number| shade_of(&slides, Format::Pptx, number)), [200, 50]);
    let read = [recognised(1, "Red line"), recognised(2, "Blue line")];
    let read_slides = documents::parse_recognised(&slides, Format::Pptx, &read).unwrap();
    assert_eq!(
        texts(&read_slides),
        ["Plan / Above.", "Plan / Red line", "Plan / Below.", "Plan / Blue line"]
    );
    for cell in [Some("Cell"), None] {
        let sheet = xlsx(cell, &[&first, &second]);
        let unread = documents::parse(&sheet, Format::Spreadsheet);
        let pictures = unread
            .as_ref()
            .map_or_else(ParseError::pictures, |document| &document.pictures);
        assert_eq!(pictures, [1, 2], "{unread:?}");
        assert_eq!(shade_of(&sheet, Format::Spreadsheet, 2), 200);
        let read = documents::parse_recognised(&sheet, Format::Spreadsheet, &read).unwrap();
        let cell = cell.map(|cell| format!("Plan / {cell}"));
        let words = ["Plan / Red line", "Plan / Blue line"].map(str::to_owned);
        assert_eq!(texts(&read), cell.into_iter().chain(words).collect::<Vec<_>>());
    }
}

#[test]
fn scanned_pages_and_pictures_attached_to_a_message_are_read() {
    let contract = PdfWriter::default()
        .page(lines(60.0, 700.0, &["The contract begins here."]))
        .page(rule((60.0, 60.0), (500.0, 500.0)))
        .finish();
    let scan = PdfWriter::default().page("0 g 0 0 612 792 re f\n").finish();
    let (screen, inside) = (png(50), png(200));
    let notes = docx(&[Text("Notes."), Picture(0)], &[&inside]);
    let attached: [(&str, &str, &[u8]); 6] = [
        ("application/pdf", "contract.pdf", &contract),
        ("image/png", "screen.png", &screen),
        ("application/octet-stream", "notes.docx", &notes),
        ("application/pdf", "scan.pdf", &scan),
        ("image/png", "again.png", &screen),
        ("image/png", "logo.png", &png_of(90, 90, 0)),
    ];
    let mail = eml("See below.", &attached);
    let unread = documents::parse(&mail, Format::Email).unwrap();
    // Pages of the contract are 1 and 2.
    assert_eq!(unread.pictures, [2, 3, 4, 5]);
    assert_eq!(told(&unread, "pictures_not_read"), &json!(4));
    let line = |document: &ParsedDocument, name: &str| {
        let items = texts(document);
        items
            .into_iter()
            .find(|item| item.starts_with(&format!("- {name}")))
            .unwrap()
    };
    for (name, end) in [
        ("contract", "1 of its pages not read: no text"),
        ("screen", "not read: it is a picture"),
        ("notes", ", 1 of its pictures not read"),
        ("scan", "not read: no text layer"),
        ("again", "not read: it is a picture that was there before"),
        ("logo", "not read: it is a picture"),
    ] {
        let line = line(&unread, name);
        assert!(line.ends_with(end), "{line}");
    }
    assert_eq!([3, 4].map(|number| shade_of(&mail, Format::Email, number)), [50, 200]);
    let page = documents::draw(&mail, Format::Email, 5).unwrap();
    assert_eq!((page.width, page.grey[0]), (2550, 0));

    let words = ["Signed today", "Lamp missing", "Sketch here", "Scanned page"];
    let read: Vec<RecognisedPage> = (2..)
        .zip(words)
        .map(|(number, line)| recognised(number, line))
        .collect();
    let document = documents::parse_recognised(&mail, Format::Email, &read).unwrap();
    assert!(document.pictures.is_empty());
    assert_eq!(told(&document, "pictures_recognised"), &json!(4));
    assert_eq!(told(&document, "recognition_certainty"), &json!(90));
    let behind: Vec<String> = texts(&document)
        .into_iter()
        .filter(|text| text.starts_with("Attachment: "))
        .collect();
    assert_eq!(
        behind,
        [
            "Attachment: contract.pdf / The contract begins here.",
            "Attachment: contract.pdf / Signed today",
            "Attachment: screen.png / Lamp missing",
            "Attachment: notes.docx / Notes.",
            "Attachment: notes.docx / Sketch here",
            "Attachment: scan.pdf / Scanned page",
        ]
    );
    for name in ["contract", "screen", "notes", "scan"] {
        let line = line(&document, name);
        assert!(!line.contains("not read"), "{line}");
    }
}

#[test]
fn a_scan_that_is_attached_twice_is_read_once() {
    let scan = PdfWriter::default().page("0 g 0 0 612 792 re f\n").finish();
    let mail = eml(
        "Twice.",
        &[("application/pdf", "a.pdf", &scan), ("application/pdf", "b.pdf", &scan)],
    );
    let unread = documents::parse(&mail, Format::Email).unwrap();
    assert_eq!(
        (unread.pictures.as_slice(), told(&unread, "pictures_not_read")),
        ([1].as_slice(), &json!(1))
    );
    let read = documents::parse_recognised(&mail, Format::Email, &[recognised(1, "Scanned page")]).unwrap();
    let found: Vec<String> = texts(&read)
        .into_iter()
        .filter(|text| text.ends_with("Scanned page"))
        .collect();
    assert_eq!(
        found,
        ["Attachment: a.pdf / Scanned page", "Attachment: b.pdf / Scanned page"]
    );
    assert_eq!(told(&read, "pictures_recognised"), &json!(1));
}

#[test]
fn pictures_that_unpack_to_too_much_cost_a_document_nothing() {
    let large: Vec<Vec<u8>> = (0..9_u8)
        .map(|index| {
            let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
            bytes.resize((31 << 20) + usize::from(index), 0);
            bytes
        })
        .collect();
    let mut pictures: Vec<&[u8]> = large.iter().map(Vec::as_slice).collect();
    let small = png(50);
    pictures.push(&small);
    let pieces: Vec<Piece<'_>> = (0..10).map(Picture).chain([Text("Words.")]).collect();
    let file = docx(&pieces, &pictures);
    assert!(file.len() < 1_000_000, "{}", file.len());
    let document = documents::parse(&file, Format::Docx).unwrap();
    assert_eq!(texts(&document), ["Words."]);
    // What they unpack to is used up before the last, which is named with them.
    assert!(document.pictures.is_empty());
    assert_eq!(told(&document, "pictures_not_read"), &json!(10));
}
