use std::collections::HashSet;
use std::io::{Cursor, Read};

use super::FORMAT;
use super::hidden::Hidden;
use super::limits::{MAX_AREA, too_large};
use crate::ParseError;
use crate::package::damaged;

/// A sheet's stream, and the records of it that matter here ([MS-XLS] 2.3.2).
const END_OF_FILE: u16 = 0x000A;
const BOUND_SHEET: u16 = 0x0085;
const MUL_RK: u16 = 0x00BD;
const DIMENSIONS: u16 = 0x0200;
const BEGIN_OF_FILE: u16 = 0x0809;
/// Each starts with its row and its column: formula, shared and rich strings, number, label, boolean or error, RK number.
const CELLS: [u16; 7] = [0x0006, 0x00FD, 0x00D6, 0x0203, 0x0204, 0x0205, 0x027E];
const MAX_SHEETS: usize = 1_000;
const ROW: u16 = 0x0208;
const COLUMNS: u16 = 0x007D;
/// Of a sheet and of a table.
const FILTERS: [u16; 3] = [0x009B, 0x009E, 0x087E];
/// Whether it is hidden, and the level of the group that it is in: what a group folds away is shown by a click.
const ROW_FLAGS: u16 = 0x0027;
const ROW_HIDDEN: u16 = 0x0020;
const COLUMN_FLAGS: u16 = 0x0701;
const COLUMN_HIDDEN: u16 = 0x0001;

/// Refuses workbooks whose cells span more than is read. The library that reads them makes a full grid of each sheet and trusts
/// what the records say of its size; so they are walked first. Gives what each sheet hides, in the order in which they are listed.
pub(super) fn check(bytes: &[u8]) -> Result<Vec<Hidden>, ParseError> {
    let stream = workbook_stream(bytes)?;
    let sheets = sheet_positions(&stream)?;
    let mut area: u64 = 0;
    let mut walked = 0;
    let mut hidden = Vec::new();
    for position in sheets {
        let rest = stream
            .get(position..)
            .ok_or_else(|| damaged(FORMAT, "a sheet begins behind the end of the file"))?;
        let walk = Walk::over(rest);
        walked += walk.length;
        // Sheets follow each other; those that overlap would be read again and again.
        if walked > stream.len() * 2 {
            return Err(damaged(FORMAT, "its sheets overlap"));
        }
        area = area.saturating_add(walk.area);
        if area > MAX_AREA {
            return Err(too_large("the space its cells span", "8,000,000 cells"));
        }
        hidden.push(walk.hidden());
    }
    Ok(hidden)
}

fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, ParseError> {
    let broken = |error: std::io::Error| damaged(FORMAT, &error.to_string());
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    let is_workbook = |name: &str| ["workbook", "book"].contains(&name.to_ascii_lowercase().as_str());
    let path = file
        .read_root_storage()
        .find(|entry| entry.is_stream() && is_workbook(entry.name()))
        .map(|entry| entry.path().to_owned())
        .ok_or_else(|| damaged(FORMAT, "it holds no workbook"))?;
    let stream = file.open_stream(path).map_err(broken)?;
    let mut content = Vec::new();
    // A stream cannot be longer than its file.
    stream
        .take(bytes.len() as u64)
        .read_to_end(&mut content)
        .map_err(broken)?;
    Ok(content)
}

fn sheet_positions(stream: &[u8]) -> Result<Vec<usize>, ParseError> {
    let mut positions = Vec::new();
    for record in (Records { rest: stream }).take_while(|record| record.kind != END_OF_FILE) {
        if record.kind == BOUND_SHEET {
            let position = u32::from(record.number(0)) | u32::from(record.number(2)) << 16;
            positions.push(position as usize);
        }
    }
    let different: HashSet<&usize> = positions.iter().collect();
    match positions.len() > MAX_SHEETS || positions.len() > different.len() {
        true => Err(damaged(FORMAT, "its list of sheets names one twice, or thousands")),
        false => Ok(positions),
    }
}

/// What a sheet's records say.
#[derive(Default)]
struct Walk {
    /// How many cells lie between the outermost ones, or that the sheet says are to be made room for.
    area: u64,
    /// In bytes.
    length: usize,
    hidden: Hidden,
    /// Rows are left out by a filter, and look as if they were hidden.
    is_filtered: bool,
}

impl Walk {
    fn over(sheet: &[u8]) -> Walk {
        let mut walk = Walk::default();
        let mut rows = (u16::MAX, 0);
        let mut columns = (u16::MAX, 0);
        let mut declared = 0;
        let mut depth = 0_usize;
        for record in (Records { rest: sheet }) {
            walk.length += record.data.len() + 4;
            match record.kind {
                BEGIN_OF_FILE => depth += 1,
                END_OF_FILE if depth <= 1 => break,
                END_OF_FILE => depth -= 1,
                DIMENSIONS => declared = record.dimensions(),
                ROW if record.number(12) & ROW_FLAGS == ROW_HIDDEN => {
                    let row = record.number(0).into();
                    walk.hidden.rows.hide(row, row);
                }
                COLUMNS if record.number(8) & COLUMN_FLAGS == COLUMN_HIDDEN => {
                    let (first, last) = (record.number(0), record.number(2));
                    walk.hidden.columns.hide(first.into(), last.into());
                }
                kind if FILTERS.contains(&kind) => walk.is_filtered = true,
                kind if CELLS.contains(&kind) || kind == MUL_RK => {
                    let (row, column) = (record.number(0), record.number(2));
                    let last = match kind {
                        MUL_RK => record.number(record.data.len().saturating_sub(2)),
                        _ => column,
                    };
                    rows = (rows.0.min(row), rows.1.max(row));
                    columns = (columns.0.min(column), columns.1.max(last));
                }
                _ => {}
            }
        }
        let span = |(first, last): (u16, u16)| u64::from(last.saturating_sub(first)) + 1;
        // Room alone costs address space only: what is declared may be a few times what is read.
        walk.area = (span(rows) * span(columns)).max(declared / 4);
        walk
    }

    /// What a filter leaves out is shown by a click.
    fn hidden(mut self) -> Hidden {
        if self.is_filtered {
            self.hidden.rows.show_all();
        }
        self.hidden
    }
}

struct Record<'s> {
    kind: u16,
    data: &'s [u8],
}

impl Record<'_> {
    fn number(&self, at: usize) -> u16 {
        let bytes = self.data.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u16::from_le_bytes)
    }

    fn dimensions(&self) -> u64 {
        let long = |at: usize| u64::from(self.number(at)) | u64::from(self.number(at + 2)) << 16;
        let short = |at: usize| u64::from(self.number(at));
        let (rows, columns) = match self.data.len() {
            10 => (short(2).saturating_sub(short(0)), short(6)),
            _ => (long(4).saturating_sub(long(0)), short(10)),
        };
        rows * columns
    }
}

struct Records<'s> {
    rest: &'s [u8],
}

impl<'s> Iterator for Records<'s> {
    type Item = Record<'s>;

    fn next(&mut self) -> Option<Record<'s>> {
        let (head, rest) = self.rest.split_at_checked(4)?;
        let head = Record { kind: 0, data: head };
        let (data, rest) = rest.split_at_checked(head.number(2).into())?;
        self.rest = rest;
        Some(Record {
            kind: head.number(0),
            data,
        })
    }
}
