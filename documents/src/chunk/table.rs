use super::cut::{Cut, Unit};
use super::tokens::{cost, least_cost};
use super::{boundaries, split_long};
use crate::whitespace::truncate;

const CELLS: &str = " | ";
/// No more of a column's name is repeated before its values.
const MAX_NAME_BYTES: usize = 100;
/// For the names of its columns a row becomes at most so many times as long, and rows of large documents, in bytes, less: no document becomes larger than
/// `MAX_NAMED_BYTES` by them, or twice as large.
const MAX_GROWTH: usize = 16;
const MAX_NAMED_BYTES: usize = 64 * 1024 * 1024;

/// How many times as long rows may become in a document of so many bytes of text.
pub(super) fn growth(bytes: usize) -> usize {
    (MAX_NAMED_BYTES / bytes.max(1)).clamp(2, MAX_GROWTH)
}

/// A column's name with what separates it from the value, and its cost; empty where it has none, or none fits.
#[derive(Default)]
struct Name {
    text: String,
    cost: usize,
}

impl Cut<'_> {
    /// Pieces of a table, each with the header, when it takes up no more than a third. Under a longer header, and where a row does not fit beside it,
    /// each value stands on a line of its own after the name of its column.
    pub(super) fn table(&self, text: &str) -> Vec<(String, usize)> {
        let (header, rows) = text.split_once('\n').unwrap_or_default();
        if header.is_empty() {
            return self.group(&self.units(boundaries::lines(text), self.budget), "", 0);
        }
        let names = self.names(header);
        let header_cost = if least_cost(header) > self.budget / 3 {
            usize::MAX
        } else {
            cost(header, self.tokens)
        };
        if header_cost <= self.budget / 3 {
            return self.under_header(&names, header, header_cost, rows);
        }
        // The names once as they stand, for those that are cut or have no values.
        let mut pieces = self.group(&self.units(vec![header], self.budget), "", 0);
        let rows: Vec<_> = rows.lines().flat_map(|row| self.named(&names, row)).collect();
        pieces.extend(self.group(&units(&rows), "", 0));
        pieces
    }

    /// Rows in pieces that each begin with the header, but for rows that do not fit beside it.
    fn under_header(&self, names: &[Name], header: &str, header_cost: usize, rows: &str) -> Vec<(String, usize)> {
        let under = Cut {
            budget: self.budget - header_cost - 1,
            ..*self
        };
        let mut pieces = Vec::new();
        let mut short: Vec<Unit<'_>> = Vec::new();
        let with_header = |short: &mut Vec<Unit<'_>>| {
            let pieces = under.group(&std::mem::take(short), &format!("{header}\n"), 0);
            pieces.into_iter().map(|(text, cost)| (text, cost + header_cost + 1))
        };
        for unit in boundaries::lines(rows) {
            if let Some(cost) = under.fits(unit) {
                short.push((unit, cost));
                continue;
            }
            // Short rows are joined, to the long one too.
            for row in unit.split_inclusive('\n') {
                if let Some(cost) = under.fits(row) {
                    short.push((row, cost));
                    continue;
                }
                pieces.extend(with_header(&mut short));
                if pieces.is_empty() {
                    pieces.push((header.to_owned(), header_cost));
                }
                pieces.extend(self.group(&units(&self.named(names, row.trim_end())), "", 0));
            }
        }
        pieces.extend(with_header(&mut short));
        pieces
    }

    /// Of the columns, each within a third of the budget.
    fn names(&self, header: &str) -> Vec<Name> {
        let named = |name: &str| {
            let name = truncate(name.trim(), MAX_NAME_BYTES).trim_end();
            // Even one byte a token fits then.
            let shorter = truncate(name, (self.budget / 3).saturating_sub(2)).trim_end();
            for name in [name, shorter] {
                let text = format!("{name}: ");
                let cost = cost(&text, self.tokens);
                if !name.is_empty() && cost <= self.budget / 3 {
                    return Name { text, cost };
                }
            }
            Name::default()
        };
        header.split(CELLS).map(named).collect()
    }

    /// A row in pieces that fit, cut between its cells: a line for each value, after the name of its column. Every piece after the first begins with the
    /// row's first value, where that is short, for it mostly says what the row is about. A value that does not fit is cut, under its name again.
    fn named(&self, names: &[Name], row: &str) -> Vec<(String, usize)> {
        let cells = cells(row, names.len());
        let named = || cells.iter().zip(names).filter(|(cell, _)| !cell.trim().is_empty());
        let bytes: usize = named().map(|(cell, name)| name.text.len() + cell.len() + 1).sum();
        if bytes > self.growth * row.len() {
            return self.as_it_stands(row);
        }
        // One cell across all columns.
        let is_across = cells.len() == 1 && names.len() > 1;
        let unnamed = Name::default();
        let mut row = Row::new(self.budget);
        for (cell, name) in named() {
            let name = if is_across { &unnamed } else { name };
            let line = format!("{}{cell}\n", name.text);
            if let Some(cost) = self.fits(&line) {
                row.add(line, cost);
                continue;
            }
            let room = row.room_for_more().saturating_sub(name.cost);
            for (window, cost) in split_long::windows(cell, room, self.tokens) {
                row.add(format!("{}{}\n", name.text, window.trim_end()), name.cost + cost);
            }
        }
        row.finish()
    }

    /// As it stands.
    fn as_it_stands(&self, row: &str) -> Vec<(String, usize)> {
        let units = self.units(vec![row], self.budget);
        units
            .into_iter()
            .map(|(text, cost)| (format!("{text}\n"), cost))
            .collect()
    }

    /// Its cost, if that is within the budget.
    fn fits(&self, text: &str) -> Option<usize> {
        if least_cost(text) > self.budget {
            return None;
        }
        let cost = cost(text, self.tokens);
        (cost <= self.budget).then_some(cost)
    }
}

/// The cells of a row of at most `columns`; the end of the table may have lost the spaces of empty ones.
fn cells(row: &str, columns: usize) -> Vec<&str> {
    let mut filled = row;
    while let Some(rest) = filled.strip_suffix(" |") {
        filled = rest;
    }
    let mut cells: Vec<&str> = filled.splitn(columns, CELLS).collect();
    if filled.len() < row.len() {
        cells.push("");
    }
    cells
}

/// The pieces of one row, as they are filled.
struct Row {
    budget: usize,
    pieces: Vec<(String, usize)>,
    piece: String,
    cost: usize,
    /// What every piece after the first begins with.
    key: Option<(String, usize)>,
}

impl Row {
    fn new(budget: usize) -> Row {
        Row {
            budget,
            pieces: Vec::new(),
            piece: String::new(),
            cost: 0,
            key: None,
        }
    }

    /// Adds a line that alone fits a piece.
    fn add(&mut self, line: String, cost: usize) {
        let is_first = self.pieces.is_empty() && self.piece.is_empty();
        if self.cost + cost > self.budget {
            self.end_piece();
        }
        if self.piece.is_empty()
            && let Some((key, key_cost)) = &self.key
            && key_cost + cost <= self.budget
        {
            self.piece.push_str(key);
            self.cost += key_cost;
        }
        self.piece.push_str(&line);
        self.cost += cost;
        if is_first && cost <= self.budget / 4 {
            self.key = Some((line, cost));
        }
    }

    fn end_piece(&mut self) {
        if !self.piece.is_empty() {
            self.pieces
                .push((std::mem::take(&mut self.piece), std::mem::take(&mut self.cost)));
        }
    }

    /// What a piece holds beside the first value.
    fn room_for_more(&self) -> usize {
        self.budget - self.key.as_ref().map_or(0, |(_, cost)| *cost)
    }

    /// An empty line parts the row from the next.
    fn finish(mut self) -> Vec<(String, usize)> {
        self.end_piece();
        if let Some((last, _)) = self.pieces.last_mut() {
            last.push('\n');
        }
        self.pieces
    }
}

fn units(pieces: &[(String, usize)]) -> Vec<Unit<'_>> {
    pieces.iter().map(|(text, cost)| (text.as_str(), *cost)).collect()
}
