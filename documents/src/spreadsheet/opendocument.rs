use std::collections::HashSet;

use roxmltree::Node;

use super::FORMAT;
use super::hidden::Hidden;
use super::limits::Contents;
use super::number::general;
use super::sheet::{Merged, Sheet};
use crate::ParseError;
use crate::package::{Package, Properties, attribute, child, child_named, descendant, find};

/// Sheets of OpenDocument end there too.
const MAX_ROW: u32 = 1_048_575;
const MAX_COLUMN: u32 = 16_383;

/// Reads an OpenDocument spreadsheet (ISO/IEC 26300, part 1 §9). It keeps the text that a cell shows, beside its value. (Read
/// here and not by the library that reads Excel's forms, which follows repetitions without bound and waits for ever for the end
/// of a table that is cut off.)
pub(super) fn read(package: &mut Package<'_>) -> Result<(Properties, Vec<Sheet>), ParseError> {
    if let Some(manifest) = package.part("META-INF/manifest.xml")?
        && let Ok(tree) = manifest.tree()
        && descendant(tree.root(), "encryption-data").is_some()
    {
        return Err(ParseError::Encrypted { format: FORMAT });
    }
    let properties = Properties::of_part(package, "meta.xml")?;
    let part = package.required("content.xml")?;
    let tree = part.tree()?;
    let root = tree.root_element();
    let hidden = hidden_styles(root);
    let mut contents = Contents::default();
    let mut sheets = Vec::new();
    let tables = find(root, &["body", "spreadsheet"])
        .into_iter()
        .flat_map(|body| child_named(body, "table"));
    for table in tables {
        if attribute(table, "style-name").is_some_and(|style| hidden.contains(style)) {
            continue;
        }
        let mut sheet = Sheet::named(attribute(table, "name").unwrap_or_default());
        let mut merged = Vec::new();
        let mut hidden = Hidden::default();
        let mut column: u32 = 0;
        for node in lines(table, "table-column", &COLUMN_GROUPS) {
            let repeated = count(node, "number-columns-repeated").min(MAX_COLUMN + 1);
            if is_hidden(node) {
                hidden.columns.hide(column, column + repeated - 1);
            }
            column = (column + repeated).min(MAX_COLUMN + 1);
        }
        let mut row: u32 = 0;
        for node in lines(table, "table-row", &ROW_GROUPS) {
            let repeated = count(node, "number-rows-repeated").min(MAX_ROW);
            if is_hidden(node) {
                hidden.rows.hide(row, row.saturating_add(repeated - 1));
            }
            let cells = read_row(node);
            // An empty row may be repeated to the end of the sheet.
            let copies = if cells.is_empty() { 0 } else { repeated };
            for row in row..row.saturating_add(copies) {
                for cell in &cells {
                    cell.add(row, &mut sheet, &mut merged, &mut contents)?;
                }
            }
            row = (row + repeated).min(MAX_ROW);
        }
        sheet.fill(&merged, &mut contents)?;
        sheet.hide(&hidden);
        sheets.push(sheet);
    }
    Ok((properties, sheets))
}

/// Styles of tables that are not shown.
fn hidden_styles<'a>(root: Node<'a, '_>) -> HashSet<&'a str> {
    child(root, "automatic-styles")
        .into_iter()
        .flat_map(|styles| child_named(styles, "style"))
        .filter(|style| {
            child(*style, "table-properties").and_then(|table| attribute(table, "display")) == Some("false")
        })
        .filter_map(|style| attribute(style, "name"))
        .collect()
}

const ROW_GROUPS: [&str; 3] = ["table-rows", "table-row-group", "table-header-rows"];
const COLUMN_GROUPS: [&str; 3] = ["table-columns", "table-column-group", "table-header-columns"];

/// Rows or columns, which may be in groups and headers, to any depth.
fn lines<'a>(table: Node<'a, 'a>, line: &'static str, groups: &'static [&str]) -> impl Iterator<Item = Node<'a, 'a>> {
    let mut stack: Vec<Node<'a, 'a>> = table.children().rev().collect();
    std::iter::from_fn(move || {
        while let Some(node) = stack.pop() {
            let name = node.tag_name().name();
            if name == line {
                return Some(node);
            }
            if groups.contains(&name) {
                stack.extend(node.children().rev());
            }
        }
        None
    })
}

/// Hidden by its author; one that a filter leaves out says `filter`, and one in a group that is folded is shown by a click.
fn is_hidden(line: Node<'_, '_>) -> bool {
    let is_folded = |around: Node<'_, '_>| {
        around.tag_name().name().ends_with("-group") && attribute(around, "display") == Some("false")
    };
    attribute(line, "visibility") == Some("collapse") && !line.ancestors().any(is_folded)
}

/// A cell with text, and what it repeats and covers.
struct RowCell {
    text: String,
    column: u32,
    copies: u32,
    rows: u32,
    columns: u32,
}

impl RowCell {
    fn add(
        &self,
        row: u32,
        sheet: &mut Sheet,
        merged: &mut Vec<Merged>,
        contents: &mut Contents,
    ) -> Result<(), ParseError> {
        for column in self.column..self.column.saturating_add(self.copies) {
            sheet.add(row, column, self.text.clone(), contents)?;
        }
        if self.rows > 1 || self.columns > 1 {
            merged.push(Merged {
                rows: (row, row.saturating_add(self.rows - 1)),
                columns: (self.column, self.column.saturating_add(self.columns - 1)),
            });
        }
        Ok(())
    }
}

fn read_row(row: Node<'_, '_>) -> Vec<RowCell> {
    let mut cells = Vec::new();
    let mut column: u32 = 0;
    for cell in row.children() {
        if !matches!(cell.tag_name().name(), "table-cell" | "covered-table-cell") {
            continue;
        }
        let copies = count(cell, "number-columns-repeated").min(MAX_COLUMN + 1);
        let text = text_of(cell);
        if !text.trim().is_empty() {
            cells.push(RowCell {
                text,
                column,
                copies,
                rows: count(cell, "number-rows-spanned"),
                columns: count(cell, "number-columns-spanned"),
            });
        }
        column = (column + copies).min(MAX_COLUMN + 1);
    }
    cells
}

fn count(node: Node<'_, '_>, name: &str) -> u32 {
    attribute(node, name)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
        .max(1)
}

fn text_of(cell: Node<'_, '_>) -> String {
    match attribute(cell, "value-type") {
        Some("date") => {
            let date = attribute(cell, "date-value").unwrap_or_default();
            date.trim_end_matches("T00:00:00").replace('T', " ")
        }
        Some("float") => {
            let number = attribute(cell, "value").and_then(|value| value.parse().ok());
            let shown = shown_text(cell);
            let number = number.map(general);
            // Leading zeros are its format's.
            let is_padded = |number: &String| {
                let zeros = shown.strip_suffix(number.as_str());
                zeros.is_some_and(|zeros| !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0'))
            };
            number.filter(|number| !is_padded(number)).unwrap_or(shown)
        }
        _ => shown_text(cell),
    }
}

fn shown_text(cell: Node<'_, '_>) -> String {
    let lines: Vec<String> = child_named(cell, "p").map(paragraph).collect();
    lines.join("\n")
}

fn paragraph(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    for node in node.descendants() {
        match node.tag_name().name() {
            "s" | "tab" | "line-break" => text.push(' '),
            _ if node.is_text() => text.push_str(node.text().unwrap_or_default()),
            _ => {}
        }
    }
    text
}
