//! Tables of names and values, which have no header.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::{BlockKind, Format, parse};

fn read(table: &str) -> Vec<(BlockKind, String)> {
    let blocks = parse(format!("<table>{table}</table>").as_bytes(), Format::Html)
        .unwrap()
        .blocks;
    blocks.into_iter().map(|block| (block.kind, block.text)).collect()
}

fn texts(table: &str) -> Vec<String> {
    read(table).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn rows_of_a_name_and_a_value_are_lines_that_say_so_alone() {
    let expected = [(BlockKind::Paragraph, "Born: 14 March 1879\nDied: 1955".to_owned())];
    for table in [
        "<tr><th scope=row>Born</th><td>14 March 1879</td></tr><tr><th>Died:</th><td>1955</td></tr>",
        "<tr><td><b>Born</b></td><td>14 March <b>1879</b></td></tr><tr><td><p><strong>Died</strong>\n</p></td><td>1955</td></tr>",
    ] {
        assert_eq!(read(table), expected, "{table}");
    }
    let asked = "<tr><th>How long?</th><td>A week.</td></tr><tr><th>Notes</th><td></td></tr>";
    assert_eq!(texts(asked), ["How long? A week.\nNotes"]);
}

#[test]
fn a_cell_across_names_and_values_stands_alone() {
    let table = "<tr><th colspan=2>Albert Einstein</th></tr><tr><td colspan=2><img alt='Einstein in 1921'></td></tr>\
                 <tr><th>Born</th><td>1879</td></tr><tr><th colspan=2>Work</th></tr><tr><th>Fields</th><td><ul><li>Physics</li><li>Music</li></ul></td></tr>";
    let expected = [
        "Albert Einstein",
        "Einstein in 1921",
        "Born: 1879",
        "Work",
        "Fields: Physics; Music",
    ];
    assert_eq!(texts(table), expected);
}

#[test]
fn a_table_with_a_header_or_whose_markup_does_not_name_its_rows_stays_one() {
    for (table, expected) in [
        (
            "<tr><th>Plan</th><th>Price</th></tr><tr><th>Pro</th><td>9</td></tr>",
            "Plan | Price\nPro | 9",
        ),
        (
            "<thead><tr><th>Plan</th><td>Price</td></tr></thead><tr><th>Pro</th><td>9</td></tr>",
            "Plan | Price\nPro | 9",
        ),
        (
            "<tr><td><b>Plan</b></td><td><b>Price</b></td></tr><tr><td><b>Pro</b></td><td>9</td></tr>",
            "Plan | Price\nPro | 9",
        ),
        (
            "<tr><td>Born</td><td>1879</td></tr><tr><td>Died</td><td>1955</td></tr>",
            "Born | 1879\nDied | 1955",
        ),
        (
            "<tr><td><b>Pro</b> plan</td><td>9</td></tr><tr><td><b>Team</b></td><td>8</td></tr>",
            "Pro plan | 9\nTeam | 8",
        ),
        ("<tr><th>Pro</th><td>9</td></tr><tr><td>8</td></tr>", "Pro | 9\n8"),
        (
            "<tr><th rowspan=2>Pro</th><td>9</td></tr><tr><td>8</td></tr>",
            "Pro | 9\nPro | 8",
        ),
        (
            "<tr><th>Pro</th><td>9</td><td>90</td></tr><tr><th>Team</th><td>8</td><td>80</td></tr>",
            "Pro | 9 | 90\nTeam | 8 | 80",
        ),
    ] {
        assert_eq!(read(table), [(BlockKind::Table, expected.to_owned())], "{table}");
    }
}
