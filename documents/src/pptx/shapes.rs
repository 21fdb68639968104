use roxmltree::Node;

use super::columns;
use super::layout::{Layout, Placeholder, Position, position};
use crate::drawing::{alt_text, chosen_content};
use crate::package::{attribute, child, find};

/// Shapes whose tops differ by less stand beside each other: a quarter of an inch.
const ROW: i64 = 228_600;

/// A shape of a slide that may say something.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) node: Node<'a, 'a>,
    pub(super) placeholder: Option<Placeholder>,
    pub(super) position: Position,
}

impl Shape<'_> {
    pub(super) fn is_title(&self) -> bool {
        self.placeholder.as_ref().is_some_and(Placeholder::is_title)
    }

    /// Whether anything of it is read; lines, frames and pictures without a description take no part in the order.
    pub(super) fn says_something(&self) -> bool {
        if self.placeholder.as_ref().is_some_and(Placeholder::is_furniture) {
            return false;
        }
        match self.node.tag_name().name() {
            "sp" => child(self.node, "txBody").is_some_and(|body| {
                let mut texts = body.descendants().filter(|node| node.tag_name().name() == "t");
                texts.any(|node| node.text().is_some_and(|text| !text.trim().is_empty()))
            }),
            "pic" => find(self.node, &["nvPicPr", "cNvPr"])
                .and_then(|node| alt_text(attribute(node, "descr")?))
                .is_some(),
            name => matches!(name, "graphicFrame" | "grpSp"),
        }
    }
}

/// The shapes of a slide in reading order: the title, then from top to bottom and left to right, or column by column where they stand in
/// such. A group is read as a whole, where it begins.
pub(super) fn in_reading_order<'a>(tree: Node<'a, 'a>, layout: &Layout) -> Vec<Shape<'a>> {
    let mut found: Vec<Shape<'a>> = Vec::new();
    let mut groups = Vec::new();
    collect(tree, layout, &mut found, &mut groups);
    let found = columns::in_columns(found, sort);
    let mut shapes = Vec::new();
    for shape in found {
        match shape.node.tag_name().name() {
            "grpSp" => shapes.extend(in_reading_order(shape.node, layout)),
            _ => shapes.push(shape),
        }
    }
    shapes
}

fn collect<'a>(parent: Node<'a, 'a>, layout: &Layout, found: &mut Vec<Shape<'a>>, above: &mut Vec<Position>) {
    for node in parent.children().filter(|node| node.is_element() && !is_hidden(*node)) {
        match node.tag_name().name() {
            "sp" | "pic" | "graphicFrame" | "grpSp" | "cxnSp" => {
                let placeholder = Placeholder::of(node);
                let inherited = || layout.position(placeholder.as_ref()?);
                // What is nowhere follows what stands before it in the file.
                let position = position(node)
                    .or_else(inherited)
                    .or(above.last().copied())
                    .unwrap_or_default();
                above.push(position);
                found.push(Shape {
                    node,
                    placeholder,
                    position,
                });
            }
            "AlternateContent" => {
                if let Some(content) = chosen_content(node) {
                    collect(content, layout, found, above);
                }
            }
            _ => {}
        }
    }
}

/// In rows from left to right; tops within a row of the first one of it count as equal.
fn sort(shapes: &mut [Shape<'_>]) {
    shapes.sort_by_key(|shape| shape.position.top);
    let mut row = i64::MIN;
    for shape in shapes.iter_mut() {
        if row == i64::MIN || shape.position.top.saturating_sub(row) > ROW {
            row = shape.position.top;
        }
        shape.position.top = row;
    }
    shapes.sort_by_key(|shape| (!shape.is_title(), shape.position.top, shape.position.left));
}

/// Hidden by its author, with all that is in it.
fn is_hidden(shape: Node<'_, '_>) -> bool {
    let properties = shape.children().find(|node| node.tag_name().name().starts_with("nv"));
    let hidden = properties.and_then(|properties| attribute(child(properties, "cNvPr")?, "hidden"));
    matches!(hidden, Some("1" | "true"))
}
