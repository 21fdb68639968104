use roxmltree::Node;

use super::layout::{Layout, Placeholder, Position, position};
use crate::drawing::chosen_content;

/// Shapes whose tops differ by less stand beside each other: a quarter of an inch.
const ROW: i64 = 228_600;

/// A shape of a slide that may say something.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) node: Node<'a, 'a>,
    pub(super) placeholder: Option<Placeholder>,
    position: Position,
}

/// The shapes of a slide in reading order: the title, then from top to bottom and left to right. A group is read as a whole,
/// where it begins.
pub(super) fn in_reading_order<'a>(tree: Node<'a, 'a>, layout: &Layout) -> Vec<Shape<'a>> {
    let mut found: Vec<Shape<'a>> = Vec::new();
    let mut groups = Vec::new();
    collect(tree, layout, &mut found, &mut groups);
    sort(&mut found);
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
    for node in parent.children().filter(Node::is_element) {
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

fn sort(shapes: &mut [Shape<'_>]) {
    shapes.sort_by_key(|shape| shape.position.0);
    // Tops within a row of the first one of it count as equal.
    let mut row = i64::MIN;
    for shape in shapes.iter_mut() {
        if row == i64::MIN || shape.position.0.saturating_sub(row) > ROW {
            row = shape.position.0;
        }
        shape.position.0 = row;
    }
    let is_title = |shape: &Shape<'_>| shape.placeholder.as_ref().is_some_and(Placeholder::is_title);
    shapes.sort_by_key(|shape| (!is_title(shape), shape.position));
}
