use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use scraper::Node;

use super::blocks::is_skipped;
use crate::whitespace::one_line;

/// The rows of a data table, a line each, cells joined by ` | `; `None` when the table only lays out the page, that is when
/// it holds another table, a heading or a listing.
pub(super) fn rows(table: NodeRef<'_, Node>) -> Option<String> {
    let is_layout = |name: &str| {
        matches!(
            name,
            "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "section" | "article"
        )
    };
    let names = || table.descendants().skip(1).filter_map(|node| node.value().as_element());
    if names().any(|element| is_layout(element.name())) {
        return None;
    }
    let mut rows = String::new();
    let mut row: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut skipping = None;
    for edge in table.traverse() {
        match edge {
            Edge::Open(node) if skipping.is_none() => match node.value() {
                Node::Text(piece) => text.push_str(piece),
                Node::Element(_) if is_skipped(node, true) => skipping = Some(node.id()),
                Node::Element(element) if element.name() == "img" => {
                    text.push_str(element.attr("alt").unwrap_or_default())
                }
                Node::Element(element) if is_block(element.name()) => text.push(' '),
                _ => {}
            },
            Edge::Close(node) if skipping == Some(node.id()) => skipping = None,
            Edge::Close(node) if skipping.is_none() => match node.value().as_element().map(|element| element.name()) {
                Some("td" | "th") => row.push(one_line(&std::mem::take(&mut text))),
                Some("tr" | "caption") => end_row(&mut rows, &mut row, &mut text),
                Some(name) if is_block(name) => text.push(' '),
                _ => {}
            },
            _ => {}
        }
    }
    end_row(&mut rows, &mut row, &mut text);
    Some(rows.trim_end().to_owned())
}

fn is_block(name: &str) -> bool {
    matches!(name, "p" | "div" | "br" | "li" | "ul" | "ol" | "dl" | "dd" | "dt")
}

fn end_row(rows: &mut String, row: &mut Vec<String>, text: &mut String) {
    let loose = one_line(&std::mem::take(text));
    if !loose.is_empty() {
        row.push(loose);
    }
    if row.iter().any(|cell| !cell.is_empty()) {
        rows.push_str(&row.join(" | "));
        rows.push('\n');
    }
    row.clear();
}
