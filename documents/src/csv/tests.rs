#![allow(clippy::unwrap_used, reason = "tests")]

use super::parse;
use crate::BlockKind;

fn texts(bytes: &str) -> Vec<String> {
    let blocks = parse(bytes.as_bytes()).unwrap().blocks;
    blocks.into_iter().map(|block| block.text).collect()
}

#[test]
fn a_file_is_one_table_with_quotes_and_line_ends_read() {
    let document =
        parse("Name;Note\r\n\"Müller; Ann\";\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\nBo;\r\n".as_bytes()).unwrap();
    let [table] = document.blocks.as_slice() else {
        panic!("{document:?}")
    };
    assert_eq!(table.kind, BlockKind::Table);
    assert_eq!(table.text, "Name | Note\nMüller; Ann | two lines, \"quoted\"\nBo | ");
}

#[test]
fn lines_may_be_of_any_length() {
    assert_eq!(texts("a,b,c\n1,2\n1,2,3,4\n"), ["a | b | c\n1 | 2\n1 | 2 | 3 | 4"]);
    assert_eq!(
        texts("a,b\n1 | 2,3\n4,5\n"),
        ["a | b\n1, 2 | 3\n4 | 5"],
        "what would end a cell"
    );
    assert_eq!(texts("a,b\n\"never closed\nx,y\n"), ["a | b\nnever closed x,y"]);
    assert_eq!(
        texts("Report of May,,\nPlan,Price,Users\nPro,9,12\n"),
        ["Report of May", "Plan | Price | Users\nPro | 9 | 12"]
    );
}

#[test]
fn a_long_file_without_a_header_is_given_one() {
    let rows: String = (0..40).map(|row| format!("{row},2024-01-{row:02},x\n")).collect();
    assert!(
        texts(&rows)
            .first()
            .unwrap()
            .starts_with("Column 1 | Column 2 | Column 3\n0 | 2024-01-00 | x\n")
    );
}

#[test]
fn lines_of_endless_cells_are_refused() {
    assert_eq!(parse(",".repeat(20_000).as_bytes()).unwrap_err().code(), "too_large");
}

#[test]
fn a_hundred_thousand_rows_are_read() {
    let rows: String = (0..100_000).map(|row| format!("name {row},{row}\n")).collect();
    assert_eq!(
        texts(&format!("name,id\n{rows}")).first().unwrap().lines().count(),
        100_001
    );
}

#[test]
fn lines_above_the_table_are_paragraphs() {
    for (text, expected) in [
        (
            "Report of May\nCreated 2024-05-01\n\nPlan,Price,Users\nPro,9,12\n",
            vec![
                "Report of May",
                "Created 2024-05-01",
                "Plan | Price | Users\nPro | 9 | 12",
            ],
        ),
        (
            "# ----\n# All Web Site Data\n# ----\n\nDay,Users\n1,7\n2,9\n",
            vec!["# All Web Site Data", "Day | Users\n1 | 7\n2 | 9"],
        ),
        (
            "Umsatzanzeige;Datei erstellt am: 1.5.\r\n\r\nKonto:;DE123\r\n\r\nBuchung;Auftraggeber;Zweck;Betrag\r\n1.5.;Ann;Miete;7,00\r\n2.5.;Bo;Strom;8,00\r\n",
            vec![
                "Umsatzanzeige: Datei erstellt am: 1.5.",
                "Konto: DE123",
                "Buchung | Auftraggeber | Zweck | Betrag\n1.5. | Ann | Miete | 7,00\n2.5. | Bo | Strom | 8,00",
            ],
        ),
        (
            "Konto;DE123\n\nBuchung;Zweck;Betrag\n1.5.;Miete;7,00\n",
            vec!["Konto: DE123", "Buchung | Zweck | Betrag\n1.5. | Miete | 7,00"],
        ),
    ] {
        assert_eq!(texts(text), expected);
    }
}

#[test]
fn a_header_that_is_short_of_its_lines_stays_above_them() {
    assert_eq!(
        texts("Name,Price\n1,Pro,9\n2,Max,19\n"),
        ["Name | Price\n1 | Pro | 9\n2 | Max | 19"],
        "lines that begin with a number of their own"
    );
    assert_eq!(
        texts("a\nb,c\nd\ne\nf,g\n"),
        ["a\nb | c\nd\ne\nf | g"],
        "lines of no usual length"
    );
}
