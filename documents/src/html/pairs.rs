//! Tables whose rows are names and their values, as the boxes of an encyclopedia: no row of them is a header for the others.

use ego_tree::NodeRef;
use scraper::Node;

use super::table::{Row, Table, name, span};
use crate::outline::Outline;
use crate::whitespace::one_line;

/// Whether the markup says so: each row is a header cell, or one all of whose text is bold, and a cell; or one cell across both.
pub(super) fn are_rows_of(table: &Table<'_>) -> bool {
    let rows = || table.rows.iter().filter(|row| !row.cells.is_empty());
    rows().all(|row| !row.is_head && (is_pair(row) || is_across(row))) && rows().any(is_pair)
}

/// A line `name: value` for each row, so that each says what it says alone. A cell across both stands alone, above what it is about.
pub(super) fn append(rows: Vec<Vec<String>>, outline: &mut Outline) {
    let mut lines = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| one_line(cell))
            .filter(|cell| !cell.is_empty())
            .collect();
        match (cells.as_slice(), row.len()) {
            ([name, value], _) => {
                let name = name.trim_end_matches([':', ' ']);
                let colon = if name.ends_with(['?', '!']) { "" } else { ":" };
                lines.push_str(&format!("{name}{colon} {value}\n"));
            }
            ([alone], 1) => {
                outline.paragraph(&std::mem::take(&mut lines));
                outline.paragraph(alone);
            }
            // A name without a value, or a value without a name.
            ([alone], _) => lines.push_str(&format!("{alone}\n")),
            _ => {}
        }
    }
    outline.paragraph(&lines);
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
