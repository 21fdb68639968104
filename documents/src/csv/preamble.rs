use std::collections::HashMap;

use crate::outline::Outline;
use crate::table::Cell;

/// Enough to tell how long the lines of a table are.
const SAMPLE_ROWS: usize = 100;

/// One line of the file that is not blank.
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) after_blank: bool,
}

/// Gives the lines above the table as paragraphs, and the lines of the table back: exports name themselves, their date or an account above
/// it, in fewer cells than it has columns.
pub(super) fn split_off(mut rows: Vec<Row>, outline: &mut Outline) -> Vec<Vec<Cell>> {
    let table = rows.split_off(lines_above(&rows));
    for row in &rows {
        outline.paragraph(&line(&row.cells));
    }
    table.into_iter().map(|row| row.cells).collect()
}

fn lines_above(rows: &[Row]) -> usize {
    let Some(usual) = usual_length(rows) else { return 0 };
    let above = rows.iter().take_while(|row| row.cells.len() < usual).count();
    let (lines, table) = rows.split_at_checked(above).unwrap_or((rows, &[]));
    // A header may lack the name of the first or the last column; no blank line follows it.
    let is_header = |row: &Row| row.cells.len() > 1 && row.cells.len() + 1 == usual;
    match (lines.last(), table.first()) {
        (_, None) => 0,
        (Some(last), Some(first)) if is_header(last) && !first.after_blank => above - 1,
        _ => above,
    }
}

/// How many cells the lines have, where most of those from the first such line on have as many, and more than one.
fn usual_length(rows: &[Row]) -> Option<usize> {
    let lengths = || rows.iter().take(SAMPLE_ROWS).map(|row| row.cells.len());
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for length in lengths().filter(|length| *length > 1) {
        *counts.entry(length).or_default() += 1;
    }
    let (usual, count) = counts.into_iter().max_by_key(|(length, count)| (*count, *length))?;
    let from_first = lengths().skip_while(|length| *length < usual).count();
    (count > 1 && count * 2 > from_first).then_some(usual)
}

/// The cells of a line above the table; nothing of one that only rules.
fn line(cells: &[Cell]) -> String {
    let texts: Vec<&str> = cells
        .iter()
        .map(|cell| cell.text.trim())
        .filter(|text| !text.is_empty())
        .collect();
    let line = match texts.as_slice() {
        [name, value] => format!("{}: {value}", name.trim_end_matches(':')),
        texts => texts.join(", "),
    };
    if line.contains(char::is_alphanumeric) {
        line
    } else {
        String::new()
    }
}
