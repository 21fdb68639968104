use roxmltree::Node;

use super::body::{Body, plain};
use super::styles::Styles;
use crate::package::attribute;
use crate::table::{Cell, Header, cell_text, push_table};
use crate::{ParseError, pairs};

/// Writer's tables and Impress's have fewer.
const MAX_COLUMNS: usize = 256;
/// Each table within a cell has its text copied once more; cells of tables nested deeper are read as paragraphs.
const MAX_NESTED: usize = 5;
/// Of memory for a cell besides its text.
const CELL_BYTES: usize = 40;

/// A row, and whether it heads the table.
struct Row<'a> {
    node: Node<'a, 'a>,
    is_header: bool,
}

/// Reads a table. One of a single cell is a frame around its content; a table within a cell becomes text of the cell.
pub(super) fn read<'a>(body: &mut Body<'a, '_, '_, '_>, table: Node<'a, 'a>) -> Result<(), ParseError> {
    let rows = rows(table);
    if let [row] = rows.as_slice()
        && let [cell] = own_cells(row.node).collect::<Vec<_>>().as_slice()
    {
        return body.blocks(*cell);
    }
    if body.nesting() >= MAX_NESTED {
        return rows
            .iter()
            .flat_map(|row| own_cells(row.node))
            .try_for_each(|cell| body.blocks(cell));
    }
    let headers = rows.iter().take_while(|row| row.is_header).count();
    let are_pairs = headers == 0 && are_pairs(&rows, &body.styles);
    let mut spanning = Spanning::default();
    let mut read: Vec<Vec<Cell>> = Vec::new();
    for row in &rows {
        let mut cells: Vec<Cell> = Vec::new();
        for cell in row.node.children() {
            let is_covered = match cell.tag_name().name() {
                "table-cell" => false,
                "covered-table-cell" => true,
                _ => continue,
            };
            let copies = count(cell, "number-columns-repeated").min(MAX_COLUMNS.saturating_sub(cells.len()));
            let text = match is_covered {
                true => String::new(),
                false => cell_text(&body.enclosed(cell)?),
            };
            for _ in 0..copies {
                let next = match is_covered {
                    true => spanning.cell(cells.len(), cells.last()),
                    false => Cell::from(text.clone()),
                };
                // The first of a cell's copies is what the document holds anyway.
                let price = CELL_BYTES + if copies > 1 || is_covered { next.text.len() } else { 0 };
                let Some(left) = body.repeated_bytes.checked_sub(price) else {
                    break;
                };
                body.repeated_bytes = left;
                cells.push(next);
            }
            if !is_covered && let Some(last) = cells.last() {
                let columns = count(cell, "number-columns-spanned");
                let rows = count(cell, "number-rows-spanned");
                spanning.begin(cells.len() - 1, columns, rows, last);
            }
        }
        spanning.end_row();
        read.push(cells);
    }
    if are_pairs {
        let rows = read
            .into_iter()
            .map(|row| row.into_iter().map(|cell| cell.text).collect());
        pairs::append(rows.collect(), &mut body.outline);
        return Ok(());
    }
    let header = match headers {
        0 => Header::First,
        headers => Header::Rows(headers),
    };
    push_table(read, header, &mut body.outline);
    Ok(())
}

/// The cells that cover places of their row and of those below.
#[derive(Default)]
struct Spanning {
    /// By column: how many rows are left, with this one, and what stands there.
    columns: Vec<Option<(usize, Cell)>>,
}

impl Spanning {
    fn begin(&mut self, column: usize, columns: usize, rows: usize, cell: &Cell) {
        let end = column.saturating_add(columns).min(MAX_COLUMNS);
        if columns == 1 && rows == 1 {
            return;
        }
        if self.columns.len() < end {
            self.columns.resize(end, None);
        }
        let covered = Cell::covered(&cell.text);
        for (at, place) in self.columns.iter_mut().enumerate().take(end).skip(column) {
            let cell = Cell {
                text: covered.text.clone(),
                across: at > column,
            };
            *place = Some((rows, cell));
        }
    }

    /// What covers a place; where nothing is said to, it is the cell to the left.
    fn cell(&self, column: usize, left: Option<&Cell>) -> Cell {
        match (self.columns.get(column), left) {
            (Some(Some((_, cell))), _) => cell.clone(),
            (_, Some(left)) => Cell::covered(&left.text),
            (_, None) => Cell::default(),
        }
    }

    fn end_row(&mut self) {
        for place in &mut self.columns {
            match place {
                Some((rows, _)) if *rows > 1 => *rows -= 1,
                _ => *place = None,
            }
        }
    }
}

/// The rows that are shown, in groups or not.
fn rows<'a>(table: Node<'a, 'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut stack: Vec<(Node<'a, 'a>, bool)> = table.children().rev().map(|node| (node, false)).collect();
    while let Some((node, is_header)) = stack.pop() {
        match node.tag_name().name() {
            "table-row" if attribute(node, "visibility").is_none_or(|shown| shown == "visible") => {
                rows.push(Row { node, is_header });
            }
            name @ ("table-rows" | "table-row-group" | "table-header-rows") => {
                let is_header = is_header || name == "table-header-rows";
                stack.extend(node.children().rev().map(|node| (node, is_header)));
            }
            _ => {}
        }
    }
    rows
}

/// The cells of a row but for the places that others cover.
fn own_cells<'a>(row: Node<'a, 'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    row.children().filter(|node| node.tag_name().name() == "table-cell")
}

/// Rows of a name, which ends in a colon, and its value.
fn are_pairs<'a>(rows: &[Row<'a>], styles: &Styles) -> bool {
    let is_pair = |row: &Row<'a>| {
        let cells: Vec<_> = row.node.children().filter(Node::is_element).collect();
        let [name, _] = cells.as_slice() else { return false };
        plain(*name, styles).trim_end().ends_with([':', '：'])
    };
    rows.len() > 1 && rows.iter().all(is_pair)
}

/// A number of columns or rows; 1 where there is none.
fn count(node: Node<'_, '_>, name: &str) -> usize {
    let count = attribute(node, name).and_then(|count| count.parse().ok());
    count.unwrap_or(1).max(1)
}
