//! Rows of bills and forms in PDFs that are set as headings are.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod pdf_writer;

use documents::{BlockKind, Format, ParsedDocument, parse};
use pdf_writer::{PdfWriter, lines, rule, text};

const TEXT: [&str; 4] = [
    "We thank you for your order, which was packed and sent on the day on which it came in, and ask",
    "you to pay the sum below within thirty days of the date above. Goods stay ours until they are",
    "paid. Whoever finds a fault writes to us within a week, and gets a new one or the money back,",
    "whichever is preferred. All other terms are printed on the back of this page and on our site.",
];

fn read(page: String) -> ParsedDocument {
    parse(&PdfWriter::default().page(page).finish(), Format::Pdf).unwrap()
}

fn headings(document: &ParsedDocument) -> Vec<&str> {
    let mut headings: Vec<&str> = Vec::new();
    for heading in document.blocks.iter().flat_map(|block| &block.headings) {
        if !headings.contains(&heading.as_str()) {
            headings.push(heading);
        }
    }
    headings
}

fn texts(document: &ParsedDocument) -> Vec<&str> {
    document.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn a_bold_or_large_line_that_ends_in_an_amount_is_text() {
    for (font, size) in [("F2", 10.0), ("F1", 14.0)] {
        for row in ["TOTAL $821.14", "Subtotal 700.12", "Invoice 2026-117 12 March 2026"] {
            let page = text("F2", 18.0, 60.0, 740.0, "Our shop")
                + &lines(60.0, 700.0, &TEXT)
                + &text(font, size, 60.0, 620.0, row)
                + &lines(60.0, 590.0, &TEXT);
            let document = read(page);
            assert_eq!(headings(&document), ["Our shop"]);
            assert_eq!(texts(&document)[1], row, "{font}");
        }
    }
}

#[test]
fn a_bold_line_in_columns_is_a_row_and_ends_with_its_value() {
    let cells = |y: f32, cells: &[(f32, &str)]| -> String {
        cells.iter().map(|(x, cell)| text("F2", 10.0, *x, y, cell)).collect()
    };
    let page = text("F2", 18.0, 60.0, 740.0, "Our shop")
        + &cells(710.0, &[(60.0, "Guests"), (500.0, "12")])
        + &lines(60.0, 690.0, &TEXT)
        + &cells(600.0, &[(60.0, "Adults"), (500.0, "7")])
        + &cells(588.0, &[(60.0, "Children"), (500.0, "5")])
        + &cells(540.0, &[(60.0, "What"), (200.0, "How many"), (400.0, "Price")])
        + &lines(60.0, 500.0, &TEXT);
    let document = read(page);
    assert_eq!(headings(&document), ["Our shop"]);
    let found = texts(&document);
    assert_eq!(found[0], "Guests 12");
    assert_eq!(found[2..4], ["Adults 7\nChildren 5", "What How many Price"]);
}

#[test]
fn what_may_be_a_version_is_a_row_beside_another_one() {
    let page = |second: &str| {
        lines(60.0, 740.0, &TEXT)
            + &text("F2", 10.0, 60.0, 660.0, "Coffee 3.20")
            + &text("F2", 10.0, 60.0, 630.0, second)
            + &lines(60.0, 600.0, &TEXT)
    };
    let rows = read(page("Tea 2.80"));
    assert!(headings(&rows).is_empty());
    assert_eq!(texts(&rows)[1..3], ["Coffee 3.20", "Tea 2.80"]);
    assert_eq!(headings(&read(page("Closing words"))), ["Closing words"]);
}

#[test]
fn headings_with_numbers_stay_headings() {
    let names = [
        "1. Introduction",
        "3.2 Results of 2024",
        "Chapter 4",
        "Python 3.12",
        "Minutes of 12 March 2026",
    ];
    let mut page = String::new();
    for (at, name) in names.into_iter().enumerate() {
        let top = 740.0 - 120.0 * at as f32;
        page += &(text("F2", 12.0, 60.0, top, name) + &lines(60.0, top - 24.0, &TEXT));
    }
    assert_eq!(headings(&read(page)), names);
}

#[test]
fn a_pdf_is_called_by_a_heading_that_opens_it_and_is_no_slogan() {
    let titled = |heading: &str, above: &str| {
        let page = above.to_owned() + &text("F2", 18.0, 60.0, 600.0, heading) + &lines(60.0, 560.0, &TEXT);
        read(page).title
    };
    let deep: String = lines(60.0, 760.0, &TEXT) + &lines(60.0, 700.0, &TEXT);
    assert_eq!(titled("Terms of sale", "").as_deref(), Some("Terms of sale"));
    for (heading, above) in [
        ("Think bigger!", ""),
        ("Contents", ""),
        ("2 Methods", ""),
        ("Terms of sale", &deep),
    ] {
        assert_eq!(titled(heading, above), None, "{heading}");
    }
}

#[test]
fn rows_of_names_and_values_between_lines_say_so_alone() {
    let table = |rows: &[[(&str, &str); 2]]| {
        let mut page = String::new();
        for (row, cells) in rows.iter().enumerate() {
            let y = 600.0 - 20.0 * row as f32;
            for (column, (font, words)) in cells.iter().enumerate() {
                page += &text(font, 10.0, 65.0 + 150.0 * column as f32, y, words);
            }
            page += &rule((60.0, y + 14.0), (360.0, y + 14.0));
        }
        let end = 614.0 - 20.0 * rows.len() as f32;
        page += &rule((60.0, end), (360.0, end));
        for x in [60.0, 210.0, 360.0] {
            page += &rule((x, 614.0), (x, end));
        }
        let document = read(page);
        let blocks = document.blocks.into_iter().map(|block| (block.kind, block.text));
        blocks.collect::<Vec<_>>()
    };
    let born = [("F2", "Born"), ("F1", "14 March 1879")];
    let died = [("F2", "Died:"), ("F1", "18 April 1955")];
    assert_eq!(
        table(&[born, died, [("F1", "Field:"), ("F1", "Physics | Music")]]),
        [(
            BlockKind::Paragraph,
            "Born: 14 March 1879\nDied: 18 April 1955\nField: Physics | Music".to_owned()
        )]
    );
    for (other, line) in [
        ([("F2", "Plan"), ("F2", "Price")], "Plan | Price"),
        ([("F1", "Plan"), ("F1", "Price")], "Plan | Price"),
    ] {
        let expected = format!("{line}\nBorn | 14 March 1879\nDied: | 18 April 1955");
        assert_eq!(table(&[other, born, died]), [(BlockKind::Table, expected)]);
    }
}
