use super::geometry::Area;
use crate::whitespace::one_line;

/// A table as found on a page.
#[derive(Debug, Clone)]
pub(in crate::pdf) struct Table {
    pub(super) area: Area,
    /// All of the same length; no row and no column is empty.
    pub(super) rows: Vec<Vec<String>>,
    /// Each row is a name and its value.
    pub(super) are_pairs: bool,
}

impl Table {
    /// Leaves out rows and columns without text.
    pub(super) fn new(area: Area, mut rows: Vec<Vec<String>>) -> Table {
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let kept: Vec<bool> = (0..columns)
            .map(|column| {
                rows.iter()
                    .any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
            })
            .collect();
        for row in &mut rows {
            row.resize(columns, String::new());
            let mut column = kept.iter();
            row.retain(|_| column.next().copied().unwrap_or_default());
        }
        Table {
            area,
            rows,
            are_pairs: false,
        }
    }

    /// Names and their values, if its rows, of which each has two cells, are that.
    pub(super) fn of_pairs(self, are_pairs: bool) -> Table {
        let are_pairs = are_pairs && self.rows.iter().all(|row| row.len() == 2);
        Table { are_pairs, ..self }
    }

    /// A row a line, cells joined by ` | `, which no cell holds: it would move those after it.
    pub(super) fn text(&self) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row.iter().map(|cell| one_line(cell).replace(" | ", ", ")).collect();
                cells.join(" | ").trim_end().to_owned()
            })
            .collect();
        rows.join("\n")
    }
}
