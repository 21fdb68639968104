use std::rc::Rc;

use crate::outline::Outline;
use crate::table::{Cell, Header, MAX_REPEATED_BYTES, cell_text, push_table};
use crate::{Block, ParseError, pairs};

/// Word's own limit.
const MAX_COLUMNS: usize = 63;
/// Edges of cells nearer than this, in twentieths of a point, are one: less than the margins within a cell.
const SAME_EDGE: i32 = 120;
/// What merged cells may take of memory in a document, and how many cells there may be.
const MAX_REPEATED: usize = 64 * 1024 * 1024;
const MAX_CELLS: usize = 2_000_000;
const CELL_BYTES: usize = 64;

/// What the tables of a document may still take.
pub(super) struct Budget {
    repeated: usize,
    cells: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            repeated: MAX_REPEATED,
            cells: MAX_CELLS,
        }
    }
}

/// What a row says of its cells, which are laid out from the left.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    left: i32,
    cells: Rc<Vec<Place>>,
    next: Place,
    is_header: bool,
}

/// What is said of one cell.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Its right edge.
    right: i32,
    /// Continues the one above it.
    is_below: bool,
    /// Continues the one before it.
    is_behind: bool,
}

impl Row {
    /// A control word of row properties.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>) {
        match word {
            "trowd" => *self = Row::default(),
            "trleft" => self.left = number.unwrap_or(0),
            "trhdr" => self.is_header = number != Some(0),
            "clvmrg" => self.next.is_below = true,
            "clmrg" => self.next.is_behind = true,
            "cellx" => {
                let right = number.unwrap_or(0);
                let place = Place { right, ..self.next };
                self.next = Place::default();
                if self.cells.len() < MAX_COLUMNS {
                    Rc::make_mut(&mut self.cells).push(place);
                }
            }
            _ => {}
        }
    }

    pub(super) fn has_cells(&self) -> bool {
        !self.cells.is_empty()
    }
}

struct Content {
    text: String,
    is_bold: bool,
}

/// A table being read.
pub(super) struct Table {
    rows: Vec<(Vec<Content>, Row)>,
    /// Of the row being read.
    cells: Vec<Content>,
    /// Of the cell being read.
    pub(super) outline: Outline,
    /// All that the cell being read says so far is bold.
    pub(super) is_bold: bool,
    /// What is in the first cell, as long as there is no other: it is a frame then.
    frame: Option<Vec<Block>>,
}

impl Default for Table {
    fn default() -> Table {
        Table {
            rows: Vec::new(),
            cells: Vec::new(),
            outline: Outline::default(),
            is_bold: true,
            frame: None,
        }
    }
}

impl Table {
    pub(super) fn end_cell(&mut self, budget: &mut Budget) -> Result<(), ParseError> {
        let (_, blocks) = std::mem::take(&mut self.outline).finish()?;
        budget.cells = budget.cells.checked_sub(1).ok_or_else(|| ParseError::TooLarge {
            format: super::FORMAT,
            what: "its tables".to_owned(),
            limit: "2,000,000 cells",
        })?;
        self.cells.push(Content {
            text: cell_text(&blocks),
            is_bold: std::mem::replace(&mut self.is_bold, true),
        });
        self.frame = (self.rows.is_empty() && self.cells.len() == 1).then_some(blocks);
        Ok(())
    }

    pub(super) fn end_row(&mut self, row: &Row, budget: &mut Budget) -> Result<(), ParseError> {
        // What no mark ends is a cell too.
        let (_, blocks) = std::mem::take(&mut self.outline).finish()?;
        if !blocks.is_empty() {
            self.outline.append(blocks);
            self.end_cell(budget)?;
        }
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| !cell.text.is_empty()) {
            self.rows.push((cells, row.clone()));
        }
        Ok(())
    }

    /// Appends the table. One of a single cell is a frame around its content.
    pub(super) fn finish(mut self, outline: &mut Outline, budget: &mut Budget) -> Result<(), ParseError> {
        self.end_row(&Row::default(), budget)?;
        if let [(cells, _)] = self.rows.as_slice()
            && cells.len() == 1
            && let Some(blocks) = self.frame.take()
        {
            outline.append(blocks);
            return Ok(());
        }
        let headers = self.rows.iter().take_while(|(_, row)| row.is_header).count();
        let are_pairs = headers == 0 && are_pairs(&self.rows);
        if are_pairs {
            let texts = |cells: Vec<Content>| cells.into_iter().map(|cell| cell.text).collect();
            pairs::append(self.rows.into_iter().map(|(cells, _)| texts(cells)).collect(), outline);
            return Ok(());
        }
        let header = if headers > 1 {
            Header::Rows(headers)
        } else {
            Header::First
        };
        push_table(self.grid(budget), header, outline);
        Ok(())
    }

    /// The cells by columns, which begin wherever a cell of any row does.
    fn grid(self, budget: &mut Budget) -> Vec<Vec<Cell>> {
        let edges = edges(&self.rows);
        let mut read: Vec<Vec<Cell>> = Vec::new();
        for (contents, row) in self.rows {
            let places: &[Place] = if row.cells.len() == contents.len() {
                &row.cells
            } else {
                &[]
            };
            let mut cells: Vec<Cell> = Vec::new();
            let before = if places.is_empty() { 0 } else { column(&edges, row.left) };
            cells.resize(before, Cell::default());
            for (at, content) in contents.into_iter().enumerate() {
                let place = places.get(at).copied().unwrap_or_default();
                let above = read.last().and_then(|row: &Vec<Cell>| row.get(cells.len()));
                let cell = match (above, cells.last()) {
                    _ if !content.text.is_empty() => Cell::from(content.text),
                    (_, Some(left)) if place.is_behind => Cell::covered(&left.text),
                    (Some(above), _) if place.is_below && above.text.len() <= MAX_REPEATED_BYTES => {
                        Cell::from(above.text.clone())
                    }
                    _ => Cell::default(),
                };
                budget.repeated = budget.repeated.saturating_sub(cell.text.len());
                let covered = Cell::covered(&cell.text);
                cells.push(cell);
                let end = if places.is_empty() {
                    0
                } else {
                    column(&edges, place.right)
                };
                let further = end.saturating_sub(cells.len());
                let price = further * (CELL_BYTES + covered.text.len());
                if let Some(left) = budget.repeated.checked_sub(price) {
                    budget.repeated = left;
                    cells.extend(std::iter::repeat_n(covered, further));
                }
            }
            read.push(cells);
        }
        read
    }
}

/// The left edges of the columns, ascending, and where the last one ends. None of a table that has too many.
fn edges(rows: &[(Vec<Content>, Row)]) -> Vec<i32> {
    let mut all: Vec<i32> = Vec::new();
    for (_, row) in rows {
        let rights = row.cells.iter().map(|place| place.right);
        for edge in std::iter::once(row.left).chain(rights).filter(|_| row.has_cells()) {
            let at = all.partition_point(|known| *known < edge);
            let is_known = |at: usize| {
                all.get(at)
                    .is_some_and(|known| known.abs_diff(edge) <= SAME_EDGE.unsigned_abs())
            };
            if !(is_known(at) || at > 0 && is_known(at - 1)) {
                all.insert(at, edge);
            }
            if all.len() > MAX_COLUMNS + 1 {
                return Vec::new();
            }
        }
    }
    all
}

/// Which column begins at an edge.
fn column(edges: &[i32], edge: i32) -> usize {
    let near = edge.saturating_sub(SAME_EDGE);
    edges.partition_point(|known| *known < near)
}

/// Rows of a name, which is bold beside a value that is not, or ends in a colon; or of one cell across both.
fn are_pairs(rows: &[(Vec<Content>, Row)]) -> bool {
    let is_pair = |cells: &[Content]| match cells {
        [name, value] => {
            let is_bold = |cell: &Content| cell.is_bold && !cell.text.is_empty();
            let is_named = is_bold(name) && !is_bold(value) || name.text.trim_end().ends_with([':', '：']);
            is_named && !name.text.is_empty()
        }
        _ => false,
    };
    rows.len() > 1
        && rows.iter().any(|(cells, _)| is_pair(cells))
        && rows.iter().all(|(cells, _)| is_pair(cells) || cells.len() == 1)
}
