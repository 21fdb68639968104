use roxmltree::Node;

use super::body::{Body, plain};
use crate::ParseError;
use crate::package::{attribute, child, child_named};
use crate::whitespace::one_line;

/// Shapes whose tops differ by less stand beside each other: a quarter of an inch, in hundredths of a millimetre.
const ROW: i64 = 635;

/// A shape of a slide with its left and upper edge, in hundredths of a millimetre.
struct Shape<'a> {
    node: Node<'a, 'a>,
    left: i64,
    top: i64,
}

/// Reads slides one after another: each is a heading with what stands on it, in reading order, and its speaker's notes.
pub(super) fn read<'a>(body: &mut Body<'a, '_, '_, '_>, presentation: Node<'a, 'a>) -> Result<(), ParseError> {
    for (index, page) in child_named(presentation, "page").enumerate() {
        if body.pictures.are_drawn() {
            break;
        }
        if attribute(page, "style-name").is_none_or(|style| !body.styles.hides_page(style)) {
            slide(body, page, index + 1)?;
        }
    }
    Ok(())
}

/// `number` counts hidden slides too.
fn slide<'a>(body: &mut Body<'a, '_, '_, '_>, page: Node<'a, 'a>, number: usize) -> Result<(), ParseError> {
    let shapes = in_reading_order(page);
    let heading = shapes
        .iter()
        .find(|shape| class(shape.node) == Some("title"))
        .map(|shape| shape.node);
    let text = heading.map(|node| one_line(&plain(node, &body.styles)));
    let text = text.filter(|text| !text.is_empty());
    if body.title.is_none() {
        body.title.clone_from(&text);
    }
    let is_untitled = text.is_none();
    let text = text.unwrap_or_else(|| format!("Slide {number}"));
    body.outline.heading(1, &text);
    for shape in shapes {
        if Some(shape.node) != heading {
            body.shape(shape.node)?;
            body.end();
        }
    }
    notes(body, page)?;
    if is_untitled {
        body.outline.drop_bare_heading();
    }
    Ok(())
}

fn notes<'a>(body: &mut Body<'a, '_, '_, '_>, page: Node<'a, 'a>) -> Result<(), ParseError> {
    let Some(notes) = child(page, "notes") else {
        return Ok(());
    };
    let mut lines = Vec::new();
    for frame in child_named(notes, "frame").filter(|frame| class(*frame) == Some("notes") && !is_prompt(*frame)) {
        for text_box in child_named(frame, "text-box") {
            lines.extend(body.enclosed(text_box)?.into_iter().map(|block| block.text));
        }
    }
    if !lines.is_empty() {
        body.outline.paragraph(&format!("Notes: {}", lines.join("\n").trim()));
    }
    Ok(())
}

/// From top to bottom and left to right. A group is read as a whole, where it begins.
fn in_reading_order<'a>(page: Node<'a, 'a>) -> Vec<Shape<'a>> {
    let mut shapes: Vec<Shape<'a>> = Vec::new();
    for node in page.children().filter(Node::is_element) {
        if matches!(node.tag_name().name(), "notes" | "forms" | "annotation") || is_furniture(node) || is_prompt(node) {
            continue;
        }
        // What is nowhere follows what stands before it in the file.
        let (left, top) = position(node)
            .or_else(|| shapes.last().map(|shape| (shape.left, shape.top)))
            .unwrap_or_default();
        shapes.push(Shape { node, left, top });
    }
    shapes.sort_by_key(|shape| shape.top);
    let mut row = None;
    for shape in &mut shapes {
        let top = *row.get_or_insert(shape.top);
        if shape.top.saturating_sub(top) > ROW {
            row = Some(shape.top);
        } else {
            shape.top = top;
        }
    }
    shapes.sort_by_key(|shape| (shape.top, shape.left));
    shapes
}

fn class<'a>(node: Node<'a, 'a>) -> Option<&'a str> {
    attribute(node, "class")
}

/// What each slide repeats.
fn is_furniture(node: Node<'_, '_>) -> bool {
    matches!(
        attribute(node, "class"),
        Some("header" | "footer" | "date-time" | "page-number")
    )
}

/// Nothing was filled in.
fn is_prompt(node: Node<'_, '_>) -> bool {
    attribute(node, "placeholder") == Some("true")
}

/// The upper left corner; of a group that of the first shape in it, as far as one is said.
fn position(node: Node<'_, '_>) -> Option<(i64, i64)> {
    let own = |node: Node<'_, '_>| {
        let length = |names: [&str; 2]| names.iter().find_map(|name| length(attribute(node, name)?));
        match (length(["x", "x1"]), length(["y", "y1"])) {
            (Some(left), Some(top)) => Some((left, top)),
            _ => translated(attribute(node, "transform")?),
        }
    };
    let below = || {
        let places = node.descendants().filter(Node::is_element).filter_map(own);
        places.reduce(|first, next| (first.0.min(next.0), first.1.min(next.1)))
    };
    own(node).or_else(|| below().filter(|_| node.tag_name().name() == "g"))
}

/// The last step of a transformation: `rotate (0.5) translate (2cm 3cm)`.
fn translated(transform: &str) -> Option<(i64, i64)> {
    let (_, steps) = transform.rsplit_once("translate")?;
    let inside = steps.trim_start().strip_prefix('(')?.split(')').next()?;
    let mut numbers = inside.split([' ', ',']).filter(|part| !part.is_empty());
    Some((length(numbers.next()?)?, length(numbers.next()?)?))
}

/// A length in hundredths of a millimetre.
fn length(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let factor = match unit {
        "cm" => 1000.0,
        "mm" => 100.0,
        "in" => 2540.0,
        "pt" => 35.28,
        "pc" => 423.3,
        "px" => 26.46,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * factor).round() as i64)
}
