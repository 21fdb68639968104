//! Which tables hold names and their values, as the boxes of an encyclopedia.

use ego_tree::NodeRef;
use scraper::Node;

use super::table::{Row, Table, name, span};

/// Whether the markup says so: each row is a header cell, or one all of whose text is bold, and a cell; or one cell across both.
pub(super) fn are_rows_of(table: &Table<'_>) -> bool {
    let rows = || table.rows.iter().filter(|row| !row.cells.is_empty());
    rows().all(|row| !row.is_head && (is_pair(row) || is_across(row))) && rows().any(is_pair)
}

fn is_pair(row: &Row<'_>) -> bool {
    let [named, value] = row.cells.as_slice() else {
        return false;
    };
    let are_single = row
        .cells
        .iter()
        .all(|cell| span(*cell, "rowspan") == 1 && span(*cell, "colspan") == 1);
    let is_named = name(*named) == "th" || is_bold(*named) && !is_bold(*value);
    are_single && name(*value) == "td" && is_named
}

fn is_across(row: &Row<'_>) -> bool {
    let [cell] = row.cells.as_slice() else { return false };
    span(*cell, "rowspan") == 1 && span(*cell, "colspan") > 1
}

/// Whether the cell has text, and all of it is bold.
fn is_bold(cell: NodeRef<'_, Node>) -> bool {
    let said = |node: &NodeRef<'_, Node>| node.value().as_text().is_some_and(|text| !text.trim().is_empty());
    let mut texts = cell.descendants().filter(said).peekable();
    texts.peek().is_some()
        && texts.all(|text| {
            let mut around = text.ancestors().take_while(|node| node.id() != cell.id());
            around.any(|node| matches!(name(node), "b" | "strong"))
        })
}
