use std::collections::HashMap;

use roxmltree::Node;

use crate::ParseError;
use crate::package::{Package, Relationships, attribute, child, find};

/// Where a shape is, in English Metric Units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) top: i64,
    pub(super) left: i64,
    /// 0 where it is not said.
    pub(super) width: i64,
}

/// What a shape stands for in its layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Placeholder {
    pub(super) kind: String,
    index: String,
}

impl Placeholder {
    /// Of a shape, whose properties are in an element called after it (`nvSpPr`, `nvPicPr` …).
    pub(super) fn of(shape: Node<'_, '_>) -> Option<Placeholder> {
        let properties = shape.children().find(|node| node.tag_name().name().starts_with("nv"))?;
        let node = find(properties, &["nvPr", "ph"])?;
        Some(Placeholder {
            kind: attribute(node, "type").unwrap_or("obj").to_owned(),
            index: attribute(node, "idx").unwrap_or("0").to_owned(),
        })
    }

    pub(super) fn is_title(&self) -> bool {
        matches!(self.kind.as_str(), "title" | "ctrTitle")
    }

    /// Holds what every slide repeats.
    pub(super) fn is_furniture(&self) -> bool {
        matches!(self.kind.as_str(), "dt" | "ftr" | "sldNum" | "hdr" | "sldImg")
    }

    /// Holds text that its master makes a list of.
    pub(super) fn is_body(&self) -> bool {
        matches!(self.kind.as_str(), "body" | "obj" | "tbl" | "half")
    }
}

/// Where a layout and its master put their placeholders.
#[derive(Debug, Default)]
pub(super) struct Layout {
    by_index: HashMap<String, Position>,
    by_kind: HashMap<String, Position>,
}

impl Layout {
    /// Of a slide, by its relationships.
    pub(super) fn read(package: &mut Package<'_>, part: &str) -> Result<Layout, ParseError> {
        let mut layout = Layout::default();
        let master = Relationships::of(package, part)?;
        let parts = [Some(part), master.of_kind("slideMaster")];
        for (is_master, name) in parts.into_iter().enumerate() {
            let Some(part) = name.map(|name| package.part(name)).transpose()?.flatten() else {
                continue;
            };
            let tree = part.tree()?;
            for shape in tree.descendants().filter(|node| node.tag_name().name() == "sp") {
                let (Some(placeholder), Some(position)) = (Placeholder::of(shape), position(shape)) else {
                    continue;
                };
                if is_master == 0 {
                    layout.by_index.entry(placeholder.index).or_insert(position);
                }
                layout.by_kind.entry(placeholder.kind).or_insert(position);
            }
        }
        Ok(layout)
    }

    pub(super) fn position(&self, placeholder: &Placeholder) -> Option<Position> {
        let by_index = self.by_index.get(&placeholder.index);
        by_index.or_else(|| self.by_kind.get(&placeholder.kind)).copied()
    }
}

/// Where a shape says it is itself.
pub(super) fn position(shape: Node<'_, '_>) -> Option<Position> {
    let transform = child(shape, "xfrm")
        .or_else(|| find(shape, &["spPr", "xfrm"]))
        .or_else(|| find(shape, &["grpSpPr", "xfrm"]))?;
    let offset = child(transform, "off")?;
    let number = |node, name| attribute(node, name)?.parse::<i64>().ok();
    Some(Position {
        top: number(offset, "y")?,
        left: number(offset, "x")?,
        width: child(transform, "ext")
            .and_then(|extent| number(extent, "cx"))
            .unwrap_or(0),
    })
}
