use std::collections::HashMap;
use std::rc::Rc;

use roxmltree::Node;

use super::layout::{Layout, Placeholder};
use super::shapes::{Shape, in_reading_order};
use super::text;
use crate::ParseError;
use crate::drawing::{alt_text, append_chart, append_diagram};
use crate::outline::Outline;
use crate::package::{Package, Relationships, attribute, child, child_named, descendant, find};
use crate::pictures::Pictures;
use crate::table::{Cell, Header, push_table};
use crate::whitespace::one_line;

/// PowerPoint's own limit is 75.
const MAX_COLUMNS: usize = 256;

/// Reads one slide after another.
pub(super) struct SlideReader<'p, 'b, 'r> {
    pub(super) package: &'p mut Package<'b>,
    pub(super) pictures: &'p mut Pictures<'r>,
    pub(super) layouts: HashMap<String, Rc<Layout>>,
    pub(super) outline: Outline,
    /// The title of the first slide that has one.
    pub(super) title: Option<String>,
}

impl SlideReader<'_, '_, '_> {
    /// `number` counts hidden slides too, as PowerPoint does.
    pub(super) fn slide(&mut self, part: &str, number: usize) -> Result<(), ParseError> {
        let Some(content) = self.package.part(part)? else {
            return Ok(());
        };
        let tree = content.tree()?;
        let root = tree.root_element();
        if matches!(attribute(root, "show"), Some("0" | "false")) {
            return Ok(());
        }
        let relationships = Relationships::of(self.package, part)?;
        let layout = self.layout(&relationships)?;
        let shapes = find(root, &["cSld", "spTree"]).map(|tree| in_reading_order(tree, &layout));
        let shapes = shapes.unwrap_or_default();
        let title = shapes
            .iter()
            .position(Shape::is_title)
            .and_then(|index| shapes.get(index))
            .and_then(|shape| child(shape.node, "txBody"));
        let title = title
            .map(|body| one_line(&text::plain(body)))
            .filter(|title| !title.is_empty());
        if self.title.is_none() {
            self.title.clone_from(&title);
        }
        let is_untitled = title.is_none();
        self.outline
            .heading(1, &title.unwrap_or_else(|| format!("Slide {number}")));
        let mut titles = 0;
        for shape in &shapes {
            let is_title = shape.is_title();
            titles += usize::from(is_title);
            if !(is_title && titles == 1) {
                self.shape(shape, &relationships)?;
            }
        }
        self.notes(&relationships)?;
        if is_untitled {
            self.outline.drop_bare_heading();
        }
        Ok(())
    }

    fn layout(&mut self, relationships: &Relationships) -> Result<Rc<Layout>, ParseError> {
        let Some(part) = relationships.of_kind("slideLayout") else {
            return Ok(Rc::default());
        };
        if let Some(known) = self.layouts.get(part) {
            return Ok(Rc::clone(known));
        }
        let layout = Rc::new(Layout::read(self.package, part)?);
        self.layouts.insert(part.to_owned(), Rc::clone(&layout));
        Ok(layout)
    }

    fn shape(&mut self, shape: &Shape<'_>, relationships: &Relationships) -> Result<(), ParseError> {
        if shape.placeholder.as_ref().is_some_and(Placeholder::is_furniture) {
            return Ok(());
        }
        match shape.node.tag_name().name() {
            "sp" => {
                if let Some(body) = child(shape.node, "txBody") {
                    let is_list = shape.placeholder.as_ref().is_some_and(Placeholder::is_body);
                    text::append(body, is_list, &mut self.outline);
                }
            }
            "pic" => {
                let description = find(shape.node, &["nvPicPr", "cNvPr"]).and_then(|node| attribute(node, "descr"));
                if let Some(text) = description.and_then(alt_text) {
                    self.outline.paragraph(&text);
                }
                let blip = find(shape.node, &["blipFill", "blip"]).and_then(|blip| attribute(blip, "embed"));
                if let Some(part) = blip.and_then(|id| relationships.part(id)) {
                    self.pictures.append(self.package, part, &mut self.outline);
                }
            }
            "graphicFrame" => self.frame(shape.node, relationships)?,
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self, frame: Node<'_, '_>, relationships: &Relationships) -> Result<(), ParseError> {
        let Some(data) = find(frame, &["graphic", "graphicData"]) else {
            return Ok(());
        };
        let part = |name: &str, id: &str| {
            let id = descendant(data, name).and_then(|node| attribute(node, id))?;
            relationships.part(id)
        };
        if let Some(table) = child(data, "tbl") {
            push_table(rows(table), Header::First, &mut self.outline);
        } else if let Some(chart) = part("chart", "id") {
            append_chart(self.package, chart, &mut self.outline)?;
        } else if let Some(diagram) = part("relIds", "dm") {
            append_diagram(self.package, diagram, &mut self.outline)?;
        }
        Ok(())
    }

    fn notes(&mut self, relationships: &Relationships) -> Result<(), ParseError> {
        let part = relationships
            .of_kind("notesSlide")
            .map(|part| self.package.part(part))
            .transpose()?;
        let Some(part) = part.flatten() else { return Ok(()) };
        let tree = part.tree()?;
        let bodies = tree
            .descendants()
            .filter(|node| node.tag_name().name() == "sp")
            .filter(|shape| Placeholder::of(*shape).is_some_and(|placeholder| placeholder.kind == "body"))
            .filter_map(|shape| child(shape, "txBody"));
        let notes = bodies.map(text::plain).collect::<Vec<_>>().join("\n");
        if !notes.trim().is_empty() {
            self.outline.paragraph(&format!("Notes: {}", notes.trim()));
        }
        Ok(())
    }
}

/// The rows of a table; merged cells are marked at each place they cover.
fn rows(table: Node<'_, '_>) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for row in child_named(table, "tr") {
        let mut cells: Vec<Cell> = Vec::new();
        for cell in child_named(row, "tc").take(MAX_COLUMNS) {
            let merges = |name| matches!(attribute(cell, name), Some("1" | "true"));
            let left = cells.last().filter(|_| merges("hMerge"));
            let above = rows
                .last()
                .and_then(|row| row.get(cells.len()))
                .filter(|_| merges("vMerge"));
            let next = match (left, above) {
                (Some(left), _) => Cell::covered(&left.text),
                (None, Some(above)) => Cell {
                    across: above.across,
                    ..Cell::covered(&above.text)
                },
                (None, None) => Cell::from(child(cell, "txBody").map(text::plain).unwrap_or_default()),
            };
            cells.push(next);
        }
        rows.push(cells);
    }
    rows
}
