//! PDFs whose text layer is no text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod pdf_writer;

use documents::{Format, ParseError, ParsedDocument, RecognisedPage, parse, parse_recognised};
use pdf_writer::{PdfWriter, assemble, lines, text};

const WORDS: &str = "The tenant pays the rent on the first of each month and returns the keys at the end of it all";

fn read(pdf: &[u8]) -> Result<ParsedDocument, ParseError> {
    parse(pdf, Format::Pdf)
}

/// A page of this content, in a font that says of `a` to `z` that they stand for what begins at a code point.
fn mapped(content: &str, first: &str) -> Vec<u8> {
    let stream = |content: &str| format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    let names = format!(
        "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n\
         1 beginbfchar <20> <0020> endbfchar 1 beginbfrange <61> <7A> <{first}> endbfrange endcmap end"
    );
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R /Resources << /Font << /F1 4 0 R /F2 8 0 R >> >> >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 7 0 R >>".to_owned(),
        "<< >>".to_owned(),
        stream(content),
        stream(&names),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    assemble(&objects.map(String::into_bytes))
}

#[test]
fn signs_for_private_use_and_replacement_characters_are_no_text_layer() {
    let content = text("F2", 10.0, 60.0, 740.0, "Page 1 of 3") + &text("F1", 10.0, 60.0, 700.0, &WORDS.to_lowercase());
    // Of each range the first: 26 signs for private use, and control characters.
    for first in ["E000", "0001"] {
        let refused = read(&mapped(&content, first));
        assert_eq!(
            refused,
            Err(ParseError::NoTextLayer {
                pages: 1,
                pictures: vec![1]
            }),
            "{first}"
        );
    }
    // Letters of scripts without spaces, and of others, are.
    for first in ["4E00", "0E01", "3042", "0430"] {
        assert!(read(&mapped(&content, first)).is_ok(), "{first}");
    }
}

#[test]
fn what_is_recognised_on_an_unreadable_page_is_its_text() {
    let content = text("F2", 10.0, 60.0, 740.0, "Page 1 of 3") + &text("F1", 10.0, 60.0, 700.0, &WORDS.to_lowercase());
    let hocr = "<html><body><div class='ocr_page' title='bbox 0 0 2550 3300'><span class='ocr_line' \
                title='bbox 80 45 400 85; baseline 0 -10; x_size 40; x_descenders 10; x_ascenders 10'>\
                <span class='ocrx_word' title='bbox 80 45 200 85; x_wconf 95'>Rent</span></span></div></body></html>";
    let page = RecognisedPage {
        page: 1,
        hocr: hocr.to_owned(),
    };
    let document = parse_recognised(&mapped(&content, "E000"), Format::Pdf, &[page]).unwrap();
    assert_eq!((document.blocks.len(), document.blocks[0].text.as_str()), (1, "Rent"));
    assert_eq!(document.metadata["pages_recognised"], serde_json::json!([1]));
}

#[test]
fn a_few_signs_for_private_use_leave_a_page_what_it_is() {
    let content = text("F2", 10.0, 60.0, 740.0, WORDS) + &text("F1", 10.0, 60.0, 700.0, "abcdefgh");
    let document = read(&mapped(&content, "E000")).unwrap();
    assert_eq!(document.blocks[0].text, WORDS);
    assert!(document.pictures.is_empty());
}

#[test]
fn words_that_run_together_over_most_of_a_page_are_no_text_layer() {
    let run = WORDS.replace(' ', "");
    let together = PdfWriter::default()
        .page(lines(60.0, 700.0, &[run.as_str(); 5]))
        .finish();
    assert_eq!(
        read(&together),
        Err(ParseError::NoTextLayer {
            pages: 1,
            pictures: vec![1]
        })
    );
    // One of them, or signs without spaces on a page of words.
    let beside = PdfWriter::default()
        .page(lines(60.0, 700.0, &[WORDS, WORDS, &run]))
        .finish();
    assert!(read(&beside).is_ok());
    // Too little to tell.
    assert!(read(&PdfWriter::default().page(lines(60.0, 700.0, &[&run])).finish()).is_ok());
    let content = lines(60.0, 700.0, &[run.to_lowercase().as_str(); 5]);
    for first in ["4E00", "0E01"] {
        assert!(read(&mapped(&content, first)).is_ok(), "{first}");
    }
}

#[test]
fn words_parted_by_gaps_alone_do_not_run_together() {
    let words = WORDS
        .split(' ')
        .map(|word| format!("({word}) -278 "))
        .collect::<String>();
    let lines: String = (0..5)
        .map(|line| format!("BT /F1 10 Tf 60 {} Td [{words}] TJ ET\n", 700 - 12 * line))
        .collect();
    let document = read(&PdfWriter::default().page(lines).finish()).unwrap();
    assert!(document.blocks[0].text.starts_with(WORDS));
}

#[test]
fn numbers_of_signs_over_most_of_a_page_are_no_text_layer_and_a_few_of_them_are() {
    let numbers: String = (70..80).map(|sign| format!("(cid:{sign})")).collect();
    let page = |line: &str| {
        PdfWriter::default()
            .page(lines(60.0, 700.0, &[line, "Page 1 of 3"]))
            .finish()
    };
    let shown = page(&numbers);
    let pictures = vec![1];
    assert_eq!(read(&shown), Err(ParseError::NoTextLayer { pages: 1, pictures }));
    let recognised = |words: &str| RecognisedPage {
        page: 1,
        hocr: format!(
            "<html><body><div class='ocr_page' title='bbox 0 0 2550 3300'><span class='ocr_line' \
             title='bbox 80 45 400 85; baseline 0 -10; x_size 40; x_descenders 10; x_ascenders 10'>\
             <span class='ocrx_word' title='bbox 80 45 200 85; x_wconf 95'>{words}</span></span></div></body></html>"
        ),
    };
    // What a recogniser reads on a page that shows them are they again.
    let again = recognised("(cid:72)(cid:101)(cid:110)");
    assert_eq!(
        parse_recognised(&shown, Format::Pdf, &[again]),
        Err(ParseError::NothingRecognised { pages: 1 })
    );
    let document = parse_recognised(&shown, Format::Pdf, &[recognised("Rent")]).unwrap();
    assert_eq!(document.blocks[0].text, "Rent");
    // A page about them, and what only begins as they do.
    for words in [
        "Signs such as (cid:72) and (cid:101) are of a font that does not tell",
        "Only (cid:none), (cid:123456) and (cid:) begin so",
    ] {
        let document = read(&page(words)).unwrap();
        assert!(document.blocks[0].text.starts_with(words), "{words}");
    }
}
