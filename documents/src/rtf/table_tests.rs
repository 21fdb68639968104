#![allow(clippy::unwrap_used, reason = "tests")]
use crate::BlockKind;

fn parse(body: &str) -> Vec<(BlockKind, String)> {
    let document = super::parse(format!(r"{{\rtf1\ansi {body}}}").as_bytes()).unwrap();
    document
        .blocks
        .into_iter()
        .map(|block| (block.kind, block.text))
        .collect()
}

fn texts(body: &str) -> Vec<String> {
    parse(body).into_iter().map(|(_, text)| text).collect()
}

/// A row of cells that end at these edges.
fn row(cells: &[(i32, &str)]) -> String {
    let edges: String = cells.iter().map(|(edge, _)| format!(r"\cellx{edge}")).collect();
    let texts: String = cells.iter().map(|(_, text)| format!(r"{text}\cell ")).collect();
    format!(r"\trowd{edges}\pard\intbl {texts}\row ")
}

#[test]
fn rows_of_cells_are_a_table_whether_paragraphs_say_that_they_are_in_it() {
    let plain = r"\trowd\cellx1000\cellx2000\pard a\par b\cell c\cell\row\trowd\cellx1000\cellx2000\pard 1\cell 2\cell\row\pard end";
    for body in [
        plain,
        &plain.replace(r"\pard ", r"\pard\intbl ").replace(r"\intbl end", " end"),
    ] {
        assert_eq!(texts(body), ["a b | c\n1 | 2", "end"]);
    }
    // Properties behind the cells, and rows that repeat those before.
    let behind = r"\intbl a\cell b\cell{\trowd\cellx1000\cellx2000\row}\intbl 1\cell 2\cell\row\pard end";
    assert_eq!(texts(behind), ["a | b\n1 | 2", "end"]);
    let (kind, _) = parse(plain).first().cloned().unwrap();
    assert_eq!(kind, BlockKind::Table);
    // No mark ends the last cell, or the last row.
    assert_eq!(
        texts(r"\trowd\cellx1\cellx9000\intbl a\cell b\par\row\intbl c\cell d\par\pard end"),
        ["a | b\nc | d", "end"]
    );
}

#[test]
fn a_cell_covers_the_columns_up_to_its_edge_and_merged_ones_repeat() {
    let wide = row(&[(1000, "Plan"), (3000, "Price")]) + &row(&[(1010, "Plan"), (2000, "Month"), (3005, "Year")]);
    let table = wide + &row(&[(1000, "Pro"), (2000, "9"), (3000, "90")]);
    assert_eq!(texts(&table), ["Plan | Price > Month | Price > Year\nPro | 9 | 90"]);
    let below = r"\trowd\clvmgf\cellx1000\cellx2000\intbl North\cell 1\cell\row\trowd\clvmrg\cellx1000\cellx2000\intbl\cell 2\cell\row";
    let header = row(&[(1000, "Region"), (2000, "Sales")]);
    assert_eq!(texts(&(header + below)), ["Region | Sales\nNorth | 1\nNorth | 2"]);
    let behind = row(&[(1000, "a"), (2000, "b")]) + r"\trowd\clmgf\cellx1000\clmrg\cellx2000\intbl all\cell\cell\row";
    assert_eq!(
        texts(&(behind + &row(&[(1000, "1"), (2000, "2")]))),
        ["a | b\nall\n1 | 2"]
    );
    // A row that begins further right.
    let right = row(&[(1000, "a"), (2000, "b")]) + r"\trowd\trleft1000\cellx2000\intbl 2\cell\row";
    assert_eq!(
        texts(&(right + &row(&[(1000, "3"), (2000, "4")]))),
        ["a | b\n | 2\n3 | 4"]
    );
}

#[test]
fn a_single_cell_is_a_frame_and_names_with_values_are_lines() {
    let frame = r"\trowd\cellx1000\intbl{\listtext 1.\tab}one\par{\listtext 2.\tab}two\cell\row\pard end";
    assert_eq!(texts(frame), ["1. one", "2. two", "end"]);
    let pairs = row(&[(1000, r"{\b Range}"), (2000, "12 km")]) + &row(&[(1000, r"{\b Weight}"), (2000, "3 {kg}")]);
    assert_eq!(texts(&pairs), ["Range: 12 km\nWeight: 3 kg"]);
    let bold = row(&[(1000, r"{\b Plan}"), (2000, r"{\b Price}")]) + &row(&[(1000, "Pro"), (2000, "9")]);
    assert_eq!(texts(&bold), ["Plan | Price\nPro | 9"]);
}

#[test]
fn a_table_within_a_cell_is_text_of_the_cell() {
    let nested = r"\trowd\cellx1000\cellx5000\pard\intbl\itap1 a\cell\pard\intbl\itap2 x\nestcell y\nestcell{\*\nesttableprops\trowd\cellx100\cellx900\nestrow}{\nonesttables\par}
1\nestcell 2\nestcell{\*\nesttableprops\trowd\cellx100\cellx900\nestrow}\pard\intbl\itap1 after\cell\row\trowd\cellx1000\cellx5000\pard\intbl b\cell c\cell\row\pard end";
    assert_eq!(texts(nested), ["a | x, y; 1, 2 after\nb | c", "end"]);
    let deep: String = (1..40)
        .map(|depth| format!(r"\pard\intbl\itap{depth} t{depth}\par "))
        .collect();
    let found = texts(&deep).join(" ");
    assert!((1..40).all(|depth| found.contains(&format!("t{depth}"))), "{found}");
}

#[test]
fn merged_cells_do_not_multiply_a_document() {
    let edges: String = (1..=60).map(|at| format!(r"\cellx{}", at * 1000)).collect();
    let first = format!(r"\trowd{edges}\intbl {}\row", r"a\cell ".repeat(60));
    // Each repeats its first cell in 58 more columns.
    let row = format!(r"\intbl {}\cell b\cell\row ", "long text ".repeat(19));
    let body = first + r"\trowd\cellx59000\cellx60000" + &row.repeat(8_000);
    let length: usize = texts(&body).iter().map(String::len).sum();
    assert!((40_000_000..70_000_000).contains(&length), "{length}");
}
