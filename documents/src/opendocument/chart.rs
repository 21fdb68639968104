use roxmltree::Node;

use super::body::{content, plain};
use super::styles::Styles;
use crate::ParseError;
use crate::outline::Outline;
use crate::package::{Package, attribute, child, child_named};
use crate::table::{Cell, Header, push_table};

/// Charts of more values are data, not a picture of it.
const MAX_VALUES: usize = 200_000;
const MAX_COLUMNS: usize = 256;

/// Appends what an object inside a document says: the title of a chart with its values as a table, or a formula as it was typed. Other objects say nothing.
pub(super) fn append_object(package: &mut Package<'_>, folder: &str, outline: &mut Outline) -> Result<(), ParseError> {
    let Some(part) = package.part(&format!("{folder}/content.xml"))? else {
        return Ok(());
    };
    let tree = part.tree()?;
    let root = tree.root_element();
    if root.tag_name().name() == "math" {
        let typed = root.descendants().find(|node| node.tag_name().name() == "annotation");
        outline.paragraph(typed.and_then(|typed| typed.text()).unwrap_or_default());
        return Ok(());
    }
    let Some(chart) = content(root, "chart").and_then(|body| child(body, "chart")) else {
        return Ok(());
    };
    let styles = Styles::default();
    if let Some(title) = child(chart, "title") {
        outline.paragraph(&plain(title, &styles));
    }
    if let Some(table) = child(chart, "table") {
        push_table(rows(table, &styles), Header::First, outline);
    }
    Ok(())
}

/// The values of a chart: its columns are the series, its rows the categories.
fn rows<'a>(table: Node<'a, 'a>, styles: &Styles) -> Vec<Vec<Cell>> {
    let rows = ["table-header-rows", "table-rows"].into_iter();
    let rows = rows.flat_map(|group| child_named(table, group).flat_map(|group| child_named(group, "table-row")));
    let mut values = 0;
    let mut read = Vec::new();
    for row in rows {
        let cells = child_named(row, "table-cell").take(MAX_COLUMNS);
        let cells: Vec<Cell> = cells.map(|cell| Cell::from(value(cell, styles))).collect();
        values += cells.len();
        if values > MAX_VALUES {
            return Vec::new();
        }
        read.push(cells);
    }
    read
}

fn value<'a>(cell: Node<'a, 'a>, styles: &Styles) -> String {
    match plain(cell, styles) {
        text if text.is_empty() => attribute(cell, "value").unwrap_or_default().to_owned(),
        text if text == "NaN" => String::new(),
        text => text,
    }
}
