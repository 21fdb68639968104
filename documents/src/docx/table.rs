use roxmltree::Node;

use super::body::Body;
use crate::package::{attribute, child, child_named, is_on, value};
use crate::table::{Cell, Header, MAX_REPEATED_BYTES, cell_text, push_table};
use crate::{ParseError, pairs};

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
    let are_pairs = are_pairs(&rows);
    let mut read: Vec<Vec<Cell>> = Vec::new();
    for row in rows {
        let mut cells: Vec<Cell> = Vec::new();
        let number = |name| child(row, "trPr").and_then(|properties| value(properties, name)?.parse::<usize>().ok());
        let before = number("gridBefore").unwrap_or(0).min(MAX_COLUMNS);
        cells.resize(before, Cell::default());
        for cell in content(row, "tc") {
            let properties = child(cell, "tcPr");
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
            let further = span(cell).saturating_sub(1).min(room);
            cells.extend(std::iter::repeat_n(covered, further));
        }
        read.push(cells);
    }
    if are_pairs {
        let own = |row: Vec<Cell>| row.into_iter().filter(|cell| !cell.across).map(|cell| cell.text);
        let rows: Vec<Vec<String>> = read.into_iter().map(|row| own(row).collect()).collect();
        pairs::append(rows, &mut body.outline);
    } else {
        push_table(read, Header::First, &mut body.outline);
    }
    Ok(())
}

/// Rows of a name, which is bold beside a value that is not, or ends in a colon; or of one cell across both. What Word says of its tables (`tblLook`: first row and first column) is
/// the same of all of them.
fn are_pairs<'a>(rows: &[Node<'a, 'a>]) -> bool {
    rows.len() > 1
        && !rows.iter().any(|row| is_header(*row))
        && rows.iter().any(|row| is_pair(*row))
        && rows.iter().all(|row| is_pair(*row) || is_across(*row))
}

fn is_header(row: Node<'_, '_>) -> bool {
    child(row, "trPr").is_some_and(|properties| is_on(properties, "tblHeader"))
}

fn is_pair<'a>(row: Node<'a, 'a>) -> bool {
    let cells: Vec<_> = content(row, "tc").collect();
    let [name, value] = cells.as_slice() else { return false };
    let are_single = cells.iter().all(|cell| span(*cell) == 1 && !is_merged(*cell));
    are_single && (is_bold(*name) && !is_bold(*value) || ends_in_colon(*name))
}

fn is_across<'a>(row: Node<'a, 'a>) -> bool {
    let cells: Vec<_> = content(row, "tc").collect();
    matches!(cells.as_slice(), [cell] if span(*cell) > 1 && !is_merged(*cell))
}

/// How many columns the cell covers.
fn span(cell: Node<'_, '_>) -> usize {
    let said = child(cell, "tcPr").and_then(|properties| value(properties, "gridSpan")?.parse::<usize>().ok());
    said.unwrap_or(1)
}

fn is_merged(cell: Node<'_, '_>) -> bool {
    child(cell, "tcPr").is_some_and(|properties| child(properties, "vMerge").is_some())
}

/// Whether the cell has text, and all of it is bold by itself; what styles make of it is not known here.
fn is_bold(cell: Node<'_, '_>) -> bool {
    let mut runs = cell.descendants().filter(has_text).peekable();
    runs.peek().is_some() && runs.all(|run| child(run, "rPr").is_some_and(|properties| is_on(properties, "b")))
}

fn has_text(run: &Node<'_, '_>) -> bool {
    let mut texts = child_named(*run, "t").filter_map(|text| text.text());
    run.tag_name().name() == "r" && texts.any(|text| !text.trim().is_empty())
}

fn ends_in_colon(cell: Node<'_, '_>) -> bool {
    let texts = cell.descendants().filter(|node| node.tag_name().name() == "t");
    let text: String = texts.filter_map(|text| text.text()).collect();
    text.trim_end().ends_with([':', '：'])
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
