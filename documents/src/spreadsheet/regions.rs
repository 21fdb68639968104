use super::limits::Areas;
use super::sheet::{Placed, Sheet};
use crate::ParseError;
use crate::outline::Outline;
use crate::table::{Cell, Header, push_table};

/// Blocks nested in blocks; what is woven tighter stays one table.
const MAX_CUTS: usize = 8;

/// Appends each block of cells as a table. Blocks are what empty rows and columns separate, and within such a piece again, until
/// nothing separates (the X-Y cut: Nagy and Seth, Hierarchical Representation of Optically Scanned Documents, 1984).
pub(super) fn append(sheet: Sheet, areas: &mut Areas, outline: &mut Outline) -> Result<(), ParseError> {
    let mut cells = sheet.cells;
    cells.sort_by_key(|placed| (placed.row, placed.column));
    cells.dedup_by_key(|placed| (placed.row, placed.column));
    let mut pieces = vec![(cells, 0)];
    while let Some((cells, cuts)) = pieces.pop() {
        let rows: Vec<u32> = cells.iter().map(|placed| placed.row).collect();
        let mut columns: Vec<u32> = cells.iter().map(|placed| placed.column).collect();
        columns.sort_unstable();
        let (bands, stacks) = (runs(&rows), runs(&columns));
        if cuts == MAX_CUTS || (bands.len() <= 1 && stacks.len() <= 1) {
            append_table(cells, areas, outline)?;
        } else if bands.len() > 1 {
            pieces.extend(split(cells, &bands, |placed| placed.row, cuts).rev());
        } else {
            pieces.extend(split(cells, &stacks, |placed| placed.column, cuts).rev());
        }
    }
    Ok(())
}

/// First numbers of the runs without a gap in a sorted list.
fn runs(numbers: &[u32]) -> Vec<u32> {
    let mut runs = Vec::new();
    let mut last = None;
    for &number in numbers {
        if last.is_none_or(|last: u32| number > last + 1) {
            runs.push(number);
        }
        last = Some(number);
    }
    runs
}

fn split(
    cells: Vec<Placed>,
    starts: &[u32],
    place: impl Fn(&Placed) -> u32,
    cuts: usize,
) -> impl DoubleEndedIterator<Item = (Vec<Placed>, usize)> {
    let mut pieces: Vec<Vec<Placed>> = starts.iter().map(|_| Vec::new()).collect();
    for placed in cells {
        let index = starts
            .partition_point(|start| *start <= place(&placed))
            .saturating_sub(1);
        if let Some(piece) = pieces.get_mut(index) {
            piece.push(placed);
        }
    }
    pieces.into_iter().map(move |piece| (piece, cuts + 1))
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
