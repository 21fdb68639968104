use super::limits::Areas;
use super::sheet::{Placed, Sheet};
use crate::ParseError;
use crate::outline::Outline;
use crate::table::{Cell, Header, is_value, push_table};

/// Blocks nested in blocks; what is woven tighter stays one table.
const MAX_CUTS: usize = 8;
/// Empty columns within a table; wider gaps lie between tables.
const MAX_GAP_COLUMNS: u32 = 2;
/// Enough of a first row to tell whether it is a header.
const MAX_HEADER_CELLS: usize = 16;
/// Empty rows within a table.
const MAX_GAP_ROWS: u32 = 1;

/// Appends each block of cells as a table. Blocks are what empty rows and columns separate, and within such a piece again, until
/// nothing separates (the X-Y cut: Nagy and Seth, Hierarchical Representation of Optically Scanned Documents, 1984). People also
/// leave rows and columns empty for looks, so a cut is only made where both sides stand on their own.
pub(super) fn append(sheet: Sheet, areas: &mut Areas, outline: &mut Outline) -> Result<(), ParseError> {
    let mut cells = sheet.cells;
    cells.sort_by_key(|placed| (placed.row, placed.column));
    cells.dedup_by_key(|placed| (placed.row, placed.column));
    let mut pieces = vec![(cells, 0)];
    while let Some((cells, cuts)) = pieces.pop() {
        if cuts == MAX_CUTS {
            append_table(cells, areas, outline)?;
            continue;
        }
        let bands = joined(split(cells, |placed| placed.row), continues_below);
        let parts = match <[Vec<Placed>; 1]>::try_from(bands) {
            Ok([band]) => joined(split(band, |placed| placed.column), continues_beside),
            Err(bands) => bands,
        };
        match <[Vec<Placed>; 1]>::try_from(parts) {
            Ok([table]) => append_table(table, areas, outline)?,
            Err(parts) => pieces.extend(parts.into_iter().rev().map(|part| (part, cuts + 1))),
        }
    }
    Ok(())
}

/// Divides cells where rows, or columns, are empty. Within a piece they stay in order.
fn split(cells: Vec<Placed>, place: impl Fn(&Placed) -> u32) -> Vec<Vec<Placed>> {
    let mut places: Vec<u32> = cells.iter().map(&place).collect();
    places.sort_unstable();
    let mut starts: Vec<u32> = Vec::new();
    let mut last = None;
    for place in places {
        if last.is_none_or(|last: u32| place > last + 1) {
            starts.push(place);
        }
        last = Some(place);
    }
    let mut pieces: Vec<Vec<Placed>> = starts.iter().map(|_| Vec::new()).collect();
    for placed in cells {
        let index = starts
            .partition_point(|start| *start <= place(&placed))
            .saturating_sub(1);
        if let Some(piece) = pieces.get_mut(index) {
            piece.push(placed);
        }
    }
    pieces
}

/// Puts pieces together again that are one table. Each is compared with its neighbour only, so that many take no longer than few.
fn joined(pieces: Vec<Vec<Placed>>, continues: impl Fn(&[Placed], &[Placed]) -> bool) -> Vec<Vec<Placed>> {
    let mut tables: Vec<Vec<Vec<Placed>>> = Vec::new();
    for piece in pieces {
        match tables.last_mut() {
            Some(table) if table.last().is_some_and(|before| continues(before, &piece)) => table.push(piece),
            _ => tables.push(vec![piece]),
        }
    }
    let together = |table: Vec<Vec<Placed>>| {
        let mut cells: Vec<Placed> = table.into_iter().flatten().collect();
        cells.sort_by_key(|placed| (placed.row, placed.column));
        cells
    };
    tables.into_iter().map(together).collect()
}

/// The lower piece has no header of its own, and the same columns.
fn continues_below(above: &[Placed], below: &[Placed]) -> bool {
    let (Some(last), Some(first)) = (above.last(), below.first()) else {
        return false;
    };
    let near = first.row.saturating_sub(last.row) <= MAX_GAP_ROWS + 1;
    let first_row = below.iter().take_while(|placed| placed.row == first.row);
    let has_values = first_row.map(|placed| &placed.cell).any(|cell| is_value(&cell.text));
    let (above, below) = (
        distinct(above, |placed| placed.column),
        distinct(below, |placed| placed.column),
    );
    near && has_values
        && above.len() > 1
        && below.len() > 1
        && common(&above, &below) * 10 >= 8 * above.len().max(below.len())
}

/// The pieces have the same rows, or one labels some of the other's further down.
fn continues_beside(left: &[Placed], right: &[Placed]) -> bool {
    let end = left.iter().map(|placed| placed.column).max().unwrap_or(0);
    let begin = right.iter().map(|placed| placed.column).min().unwrap_or(0);
    if begin.saturating_sub(end) > MAX_GAP_COLUMNS + 1 {
        return false;
    }
    let (of_left, of_right) = (
        distinct(left, |placed| placed.row),
        distinct(right, |placed| placed.row),
    );
    let common = common(&of_left, &of_right);
    let (longer, shorter, cells) = if of_left.len() < of_right.len() {
        (of_right, of_left, left)
    } else {
        (of_left, of_right, right)
    };
    let same = common * 10 >= 8 * longer.len();
    let within = common * 10 >= 9 * shorter.len() && longer.first() < shorter.first();
    same || (within && !has_header(cells))
}

/// Some column has a name above numbers.
fn has_header(cells: &[Placed]) -> bool {
    let Some(top) = cells.first().map(|placed| placed.row) else {
        return false;
    };
    let is_number = |placed: &&Placed| is_value(&placed.cell.text);
    let names = cells.iter().filter(|placed| placed.row == top && !is_number(placed));
    names.take(MAX_HEADER_CELLS).any(|name| {
        let below = || {
            cells
                .iter()
                .filter(|placed| placed.column == name.column && placed.row > top)
        };
        below().filter(is_number).count() * 2 > below().count()
    })
}

fn distinct(cells: &[Placed], place: impl Fn(&Placed) -> u32) -> Vec<u32> {
    let mut places: Vec<u32> = cells.iter().map(place).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// How many numbers two sorted lists share.
fn common(one: &[u32], other: &[u32]) -> usize {
    one.iter().filter(|number| other.binary_search(number).is_ok()).count()
}

fn append_table(cells: Vec<Placed>, areas: &mut Areas, outline: &mut Outline) -> Result<(), ParseError> {
    let (Some(top), Some(bottom)) = (
        cells.first().map(|placed| placed.row),
        cells.last().map(|placed| placed.row),
    ) else {
        return Ok(());
    };
    let left = cells.iter().map(|placed| placed.column).min().unwrap_or(0);
    let right = cells.iter().map(|placed| placed.column).max().unwrap_or(0);
    let (height, width) = (bottom - top + 1, right - left + 1);
    areas.add(height.into(), width.into())?;
    let mut rows: Vec<Vec<Cell>> = (0..height).map(|_| vec![Cell::default(); width as usize]).collect();
    for placed in cells {
        let row = rows.get_mut((placed.row - top) as usize);
        if let Some(cell) = row.and_then(|row| row.get_mut((placed.column - left) as usize)) {
            *cell = placed.cell;
        }
    }
    push_table(rows, Header::Guess, outline);
    Ok(())
}
