use crate::table::{Cell, is_value, is_year};

/// Between the name of a group of columns and that of one of them, as between headings.
const WITHIN: &str = " > ";
/// Header rows beyond are rows.
const MAX_LEVELS: usize = 4;
const SAMPLE_ROWS: usize = 20;

/// Makes one row of the first `levels`: `Price > Month` where a cell `Price` covers the columns `Month` and `Year`. So each column has a name of its own, which goes with its values
/// wherever the table is cut.
pub(crate) fn join_levels(rows: &mut Vec<Vec<Cell>>, levels: usize) {
    // A row that is one cell names the rows under it.
    let is_one_cell = |row: &&Vec<Cell>| row.iter().filter(|cell| !cell.across).count() == 1;
    let several = rows.iter().take(levels).take_while(|row| !is_one_cell(row)).count();
    let levels = several.min(MAX_LEVELS);
    if levels < 2 || levels >= rows.len() {
        return;
    }
    let header: Vec<Vec<Cell>> = rows.drain(..levels).collect();
    let columns = header.iter().map(Vec::len).max().unwrap_or(0);
    let name = |column: usize| {
        let cells = header.iter().filter_map(|row| row.get(column));
        let mut names: Vec<&str> = cells.clone().map(|cell| cell.text.as_str()).collect();
        names.retain(|name| !name.is_empty());
        names.dedup();
        Cell {
            text: names.join(WITHIN),
            across: cells.clone().all(|cell| cell.across),
        }
    };
    let joined = (0..columns).map(name).collect();
    rows.insert(0, joined);
}

/// How many of the first rows are the header of a table that does not say so: two where cells of the first cover several columns each, the second names these, and other columns have
/// one name for both or values show where the data begins; or where nothing is merged, and the second names what the first leaves out.
pub(crate) fn levels(rows: &[Vec<Cell>]) -> usize {
    let [groups, names, data @ ..] = rows else { return 1 };
    if data.is_empty() || groups.len() != names.len() {
        return 1;
    }
    if !groups.iter().any(|cell| cell.across) {
        return if completes(groups, names, data) { 2 } else { 1 };
    }
    let is_name = |cell: &Cell| !cell.across && (!is_value(&cell.text) || is_year(&cell.text));
    let mut is_told = false;
    for (column, (group, name)) in groups.iter().zip(names).enumerate() {
        let next_covers = groups.get(column + 1).is_some_and(|next| next.across);
        let is_in_group = group.across || next_covers;
        let has_one_name = group.text == name.text && !name.text.is_empty();
        let fits = match is_in_group {
            true => !name.text.is_empty() && !has_one_name,
            false => has_one_name || group.text.is_empty() || name.text.is_empty(),
        };
        if !is_name(name) || !fits {
            return 1;
        }
        let below = || data.iter().take(SAMPLE_ROWS).filter_map(|row| row.get(column));
        let values = below().filter(|cell| is_value(&cell.text)).count();
        is_told |= has_one_name || values * 2 > below().count();
    }
    if is_told { 2 } else { 1 }
}

/// Whether the second row names columns that the first, a title with a unit or the name of a group of columns, leaves without a name: each of two or more columns of values has one then,
/// and what has one in both is one column at most.
fn completes(first: &[Cell], names: &[Cell], data: &[Vec<Cell>]) -> bool {
    let is_name = |cell: &Cell| !cell.across && (!is_value(&cell.text) || is_year(&cell.text));
    let (mut left_out, mut both, mut of_values) = (0, 0, 0);
    for (column, (title, name)) in first.iter().zip(names).enumerate() {
        if !is_name(title) || !is_name(name) {
            return false;
        }
        let below = || data.iter().take(SAMPLE_ROWS).filter_map(|row| row.get(column));
        let values = below().filter(|cell| starts_with_value(&cell.text)).count();
        let has_values = values * 2 > below().count();
        match (title.text.is_empty(), name.text.is_empty()) {
            (true, true) if has_values => return false,
            (true, false) => left_out += 1,
            (false, false) => both += 1,
            _ => {}
        }
        of_values += usize::from(has_values);
    }
    left_out > 0 && both <= 1 && of_values >= 2
}

/// `5`, `34.5%, n=1`.
fn starts_with_value(text: &str) -> bool {
    text.split(' ').next().is_some_and(is_value)
}
