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
