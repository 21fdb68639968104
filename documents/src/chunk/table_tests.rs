//! Tables whose header or rows are too long to stand in every piece.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::table::growth;
use super::tests::cut;
use crate::{Format, parse};

/// A table of `columns` columns with long names and `rows` rows, whose values say where they stand.
fn wide(columns: usize, rows: usize) -> String {
    let header: Vec<String> = (0..columns)
        .map(|at| format!("Measured property number {at}"))
        .collect();
    let row = |row: usize| {
        (0..columns)
            .map(|at| format!("v{row}x{at}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("{}\n{}\n", header.join(","), rows.join("\n"))
}

#[test]
fn every_value_of_a_wide_table_stands_after_the_name_of_its_column() {
    for max_tokens in [60, 254] {
        let chunks = cut(&wide(40, 6), Format::Csv, max_tokens);
        let lines: Vec<&str> = chunks.iter().flat_map(|chunk| chunk.text.lines()).collect();
        for row in 0..6 {
            for at in 0..40 {
                let expected = format!("Measured property number {at}: v{row}x{at}");
                assert!(lines.contains(&expected.as_str()), "{max_tokens}: {expected}");
            }
        }
        // Each says which row it is of.
        for chunk in chunks.iter().filter(|chunk| chunk.text.contains(": v")) {
            for rows in chunk.text.split("\n\n") {
                assert!(rows.starts_with("Measured property number 0: v"), "{}", chunk.text);
            }
        }
        assert!(
            chunks[0]
                .text
                .starts_with("Measured property number 0 | Measured property number 1")
        );
    }
}

#[test]
fn a_row_that_does_not_fit_beside_the_header_names_its_columns_and_the_others_keep_the_header() {
    let long = "It takes a while, and then some. ".repeat(9);
    let table = format!(
        "| Name | Delivery | Returns |\n|---|---|---|\n| Ann | soon | never |\n| Bob | {long} | {long} |\n| Cem | late | always |\n"
    );
    let chunks = cut(&table, Format::Markdown, 90);
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert_eq!(texts[0], "Name | Delivery | Returns\nAnn | soon | never");
    // There is room beside the end of the long row.
    let (end_of_bob, cem) = texts.last().unwrap().split_once("\n\n").unwrap();
    assert_eq!(cem, "Name | Delivery | Returns\nCem | late | always");
    let mut bob = texts[1..texts.len() - 1].to_vec();
    bob.push(end_of_bob);
    assert!(bob.len() > 3, "{bob:?}");
    for piece in &bob {
        let mut lines = piece.lines();
        assert_eq!(lines.next(), Some("Name: Bob"));
        let rest: Vec<&str> = lines.collect();
        assert!(
            rest.iter()
                .all(|line| line.starts_with("Delivery: ") || line.starts_with("Returns: ")),
            "{piece}"
        );
    }
    assert_eq!(
        bob.iter().filter(|piece| piece.contains("Returns: ")).count(),
        bob.len() / 2
    );
}

#[test]
fn rows_across_the_table_have_no_name_and_empty_cells_no_line() {
    let header: Vec<String> = (0..12).map(|at| format!("Property number {at}")).collect();
    let table = format!(
        "<table><tr><th>{}</th></tr><tr><td colspan=12>Europe</td></tr><tr><td>Pro</td>{}<td>9</td></tr><tr><td>Solo</td></tr></table>",
        header.join("</th><th>"),
        "<td></td>".repeat(10)
    );
    let chunks = cut(&table, Format::Html, 50);
    let rows = &chunks.last().unwrap().text;
    assert!(
        rows.ends_with("Europe\n\nProperty number 0: Pro\nProperty number 11: 9\n\nSolo"),
        "{rows}"
    );
    let table = format!("| {} |\n|{}\n| Solo | | |\n", header.join(" | "), "---|".repeat(12));
    let chunks = cut(&table, Format::Markdown, 40);
    let text = &chunks.last().unwrap().text;
    assert!(text.ends_with("\n\nProperty number 0: Solo"), "{text}");
}

#[test]
fn short_values_under_long_questions_keep_them() {
    let header: Vec<String> = (0..40)
        .map(|at| format!("How content were you with our service number {at}?"))
        .collect();
    let table = format!("{}\n{}\n", header.join(","), vec!["5"; 40].join(","));
    let chunks = cut(&table, Format::Csv, 254);
    let answers = chunks
        .iter()
        .flat_map(|chunk| chunk.text.lines())
        .filter(|line| line.ends_with("?: 5"));
    assert!(answers.count() >= 40);
}

#[test]
fn names_do_not_multiply_a_table() {
    for (name, value) in [(2_000, "1"), (90, "1"), (90, "some words"), (20, "")] {
        let header: Vec<String> = (0..200).map(|at| format!("{}{at}", "n".repeat(name))).collect();
        let rows = (vec![value; 199].join(",") + ",x\n").repeat(400);
        let table = format!("{}\n{rows}", header.join(","));
        let before: usize = parse(table.as_bytes(), Format::Csv)
            .unwrap()
            .blocks
            .iter()
            .map(|block| block.text.len())
            .sum();
        let after: usize = cut(&table, Format::Csv, 254).iter().map(|chunk| chunk.text.len()).sum();
        // What begins the pieces of a row is repeated besides.
        assert!(after <= 24 * before, "{name} {value}: {after} of {before}");
    }
    assert_eq!([100, 16 << 20, 1 << 40].map(growth), [16, 4, 2]);
}

#[test]
fn no_piece_of_a_wide_table_is_too_long() {
    let hostile = [
        wide(40, 3),
        format!("{}\n{}\n", "name ".repeat(200), "value ".repeat(3_000)),
        format!("a,{}\n{},b\n", "漢字".repeat(100), "仮名".repeat(3_000)),
        format!("a,b\n{},{}\nc,d\n", "x".repeat(3_000), "e\u{301}".repeat(2_000)),
        format!(",,\n{}", "1,2,3\n".repeat(100)),
        format!("{}\n{}\n", ",".repeat(3_000), ",1".repeat(1_500)),
    ];
    for text in &hostile {
        for max_tokens in [1, 2, 7, 32, 254] {
            let chunks = cut(text, Format::Csv, max_tokens);
            assert!(chunks.iter().all(|chunk| chunk.text.len() <= 16 * max_tokens + 400));
        }
    }
}
