use roxmltree::Node;

use super::body::Body;
use crate::ParseError;
use crate::package::{attribute, child, child_named, is_on, value};
use crate::table::{Cell, Header, MAX_REPEATED_BYTES, cell_text, push_table};

/// Word's own limit.
const MAX_COLUMNS: usize = 63;
/// Each table within a cell has its text copied once more; cells of tables nested deeper are read as paragraphs.
const MAX_NESTED: usize = 5;

/// Reads a table. One of a single cell is a frame around its content; a table within a cell becomes text of the cell.
pub(super) fn read<'a>(body: &mut Body<'a, '_, '_, '_>, table: Node<'a, 'a>) -> Result<(), ParseError> {
    let rows: Vec<_> = content(table, "tr").filter(|row| !is_left_out(*row)).collect();
    if let [row] = rows.as_slice()
        && let [cell] = content(*row, "tc").collect::<Vec<_>>().as_slice()
    {
        return body.blocks(*cell);
    }
    if body.nesting() >= MAX_NESTED {
        return rows
            .iter()
            .flat_map(|row| content(*row, "tc"))
            .try_for_each(|cell| body.blocks(cell));
    }
    let mut read: Vec<Vec<Cell>> = Vec::new();
    for row in rows {
        let mut cells: Vec<Cell> = Vec::new();
        let number = |name| child(row, "trPr").and_then(|properties| value(properties, name)?.parse::<usize>().ok());
        let before = number("gridBefore").unwrap_or(0).min(MAX_COLUMNS);
        cells.resize(before, Cell::default());
        for cell in content(row, "tc") {
            let properties = child(cell, "tcPr");
            let span = properties.and_then(|properties| value(properties, "gridSpan")?.parse::<usize>().ok());
            let merge = properties.and_then(|properties| child(properties, "vMerge"));
            let continues = merge.is_some_and(|merge| attribute(merge, "val") != Some("restart"));
            let above = read.last().and_then(|row| row.get(cells.len())).filter(|_| continues);
            let text = match above {
                Some(above) if above.text.len() <= MAX_REPEATED_BYTES => above.text.clone(),
                Some(_) => String::new(),
                None => cell_text(&body.enclosed(cell)?),
            };
            let covered = Cell::covered(&text);
            cells.push(Cell::from(text));
            let room = MAX_COLUMNS.saturating_sub(cells.len());
            let further = span.unwrap_or(1).saturating_sub(1).min(room);
            cells.extend(std::iter::repeat_n(covered, further));
        }
        read.push(cells);
    }
    push_table(read, Header::First, &mut body.outline);
    Ok(())
}

/// Rows of a table, or cells of a row; content controls and the like may be around them.
fn content<'a>(parent: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    let mut stack: Vec<Node<'a, 'a>> = parent.children().rev().collect();
    std::iter::from_fn(move || {
        while let Some(node) = stack.pop() {
            match node.tag_name().name() {
                found if found == name => return Some(node),
                "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" => stack.extend(node.children().rev()),
                _ => {}
            }
        }
        None
    })
}

/// The row as a whole is hidden, or was deleted while changes were tracked.
fn is_left_out(row: Node<'_, '_>) -> bool {
    child_named(row, "trPr").any(|properties| child(properties, "del").is_some() || is_on(properties, "hidden"))
}
