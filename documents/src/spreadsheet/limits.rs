use super::FORMAT;
use crate::ParseError;

/// Cells that hold something, of all sheets.
const MAX_CELLS: usize = 2_000_000;
const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;
/// Cells of all tables, empty ones too.
pub(super) const MAX_AREA: u64 = 8_000_000;

/// How much has been read from a workbook. A few bytes of a file can name a long shared text again, or repeat a row, so what
/// comes out is counted and not what goes in.
#[derive(Debug, Default)]
pub(super) struct Contents {
    cells: usize,
    text_bytes: usize,
}

impl Contents {
    /// Counts a cell before it is kept.
    pub(super) fn add(&mut self, text: &str) -> Result<(), ParseError> {
        self.cells += 1;
        self.text_bytes += text.len();
        if self.cells > MAX_CELLS {
            return Err(too_large("the number of its cells", "2,000,000"));
        }
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(too_large("its text", "64 MiB"));
        }
        Ok(())
    }
}

/// The space that tables take, whose cells may be few and far between.
#[derive(Debug, Default)]
pub(super) struct Areas {
    cells: u64,
}

impl Areas {
    pub(super) fn add(&mut self, rows: u64, columns: u64) -> Result<(), ParseError> {
        self.cells = self.cells.saturating_add(rows.saturating_mul(columns));
        if self.cells > MAX_AREA {
            return Err(too_large("the space its cells span", "8,000,000 cells"));
        }
        Ok(())
    }
}

pub(super) fn too_large(what: &str, limit: &'static str) -> ParseError {
    ParseError::TooLarge {
        format: FORMAT,
        what: what.to_owned(),
        limit,
    }
}
