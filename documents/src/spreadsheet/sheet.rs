use std::collections::{HashMap, HashSet};

use super::hidden::Hidden;
use super::limits::Contents;
use super::sheet_parts::OfSheet;
use crate::ParseError;
use crate::table::{Cell, MAX_REPEATED_BYTES};
use crate::whitespace::without_nul;

/// Merged areas larger than this are backgrounds.
const MAX_MERGED_CELLS: u64 = 4_096;
/// Of all merged areas of a sheet; what comes after is not repeated.
const MAX_MERGED_IN_ALL: u64 = 4_000_000;

/// A cell that holds something, by its place in the sheet.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) cell: Cell,
}

#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) cells: Vec<Placed>,
    /// Of an Office Open XML package, which holds it.
    pub(super) part: Option<String>,
}

/// First and last row, first and last column of merged cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Merged {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
}

impl Sheet {
    pub(super) fn named(name: &str) -> Sheet {
        Sheet {
            name: name.to_owned(),
            ..Sheet::default()
        }
    }

    pub(super) fn add(
        &mut self,
        row: u32,
        column: u32,
        text: String,
        contents: &mut Contents,
    ) -> Result<(), ParseError> {
        // Excel writes a NUL as `_x0000_`; a cell of nothing else is empty.
        let text = without_nul(text);
        if !text.trim().is_empty() {
            contents.add(&text)?;
            let cell = Cell::from(text);
            self.cells.push(Placed { row, column, cell });
        }
        Ok(())
    }

    /// Repeats what merged cells hold in each row they cover, so that a row can be read alone.
    pub(super) fn fill(&mut self, merged: &[Merged], contents: &mut Contents) -> Result<(), ParseError> {
        if merged.is_empty() {
            return Ok(());
        }
        let by_place: HashMap<(u32, u32), usize> = self
            .cells
            .iter()
            .enumerate()
            .map(|(index, placed)| ((placed.row, placed.column), index))
            .collect();
        let mut filled: HashSet<(u32, u32)> = HashSet::new();
        let mut repeats = Vec::new();
        let mut in_all: u64 = 0;
        for Merged { rows, columns } in merged {
            let area =
                u64::from(rows.1.saturating_sub(rows.0) + 1) * u64::from(columns.1.saturating_sub(columns.0) + 1);
            let first = by_place
                .get(&(rows.0, columns.0))
                .and_then(|index| self.cells.get(*index));
            let Some(first) = first.filter(|_| area <= MAX_MERGED_CELLS) else {
                continue;
            };
            in_all += area;
            if in_all > MAX_MERGED_IN_ALL {
                break;
            }
            if first.cell.text.len() > MAX_REPEATED_BYTES {
                continue;
            }
            for row in rows.0..=rows.1 {
                for column in columns.0..=columns.1 {
                    if by_place.contains_key(&(row, column)) || !filled.insert((row, column)) {
                        continue;
                    }
                    contents.add(&first.cell.text)?;
                    let across = column > columns.0;
                    let text = first.cell.text.clone();
                    repeats.push(Placed {
                        row,
                        column,
                        cell: Cell { text, across },
                    });
                }
            }
        }
        self.cells.extend(repeats);
        Ok(())
    }

    /// Without what the part that it was read from hides.
    pub(super) fn belongs_to(&mut self, part: Option<&OfSheet>) {
        if let Some(OfSheet { part, hidden }) = part {
            self.hide(hidden);
            self.part = Some(part.clone());
        }
    }

    /// Takes out what is hidden and closes the gaps. Merged cells are filled by then, so that what they hold stays as long as one of their
    /// cells is shown.
    pub(super) fn hide(&mut self, hidden: &Hidden) {
        if hidden.rows.is_empty() && hidden.columns.is_empty() {
            return;
        }
        let (rows, columns) = (hidden.rows.shown(), hidden.columns.shown());
        let placed = |cell: Placed| {
            let (row, column) = (rows.place(cell.row)?, columns.place(cell.column)?);
            Some(Placed { row, column, ..cell })
        };
        let cells = std::mem::take(&mut self.cells);
        self.cells = cells.into_iter().filter_map(placed).collect();
        self.cells.sort_by_key(|placed| (placed.row, placed.column));
        // The first cell of a merged one that is shown stands for it.
        let mut before: Option<(u32, u32)> = None;
        for placed in &mut self.cells {
            let is_beside = before == Some((placed.row, placed.column.wrapping_sub(1)));
            placed.cell.across &= is_beside;
            before = Some((placed.row, placed.column));
        }
    }
}
