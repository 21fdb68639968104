use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::chart::append_object;
use super::inline::{Graphic, Inline, is_drawn};
use super::numbering::{Counts, Marker};
use super::styles::Styles;
use super::table;
use crate::code::push_code;
use crate::docx::Role;
use crate::outline::{Outline, title};
use crate::package::{Package, attribute, child, resolve};
use crate::pictures::Pictures;
use crate::whitespace::{one_line, tidy_lines};
use crate::{Block, BlockKind, ParseError};

/// What merged and repeated cells may take of memory in a document.
const MAX_REPEATED_BYTES: usize = 64 * 1024 * 1024;

/// Reads blocks in the order of the document.
pub(super) struct Body<'a, 'p, 'b, 'r> {
    /// None of a document that is one XML file.
    pub(super) package: Option<&'p mut Package<'b>>,
    pub(super) pictures: &'p mut Pictures<'r>,
    pub(super) styles: Styles,
    pub(super) outline: Outline,
    /// The first paragraph in the style of a title.
    pub(super) title: Option<String>,
    /// What merged and repeated cells may still take.
    pub(super) repeated_bytes: usize,
    state: State<'a>,
}

#[derive(Default)]
struct State<'a> {
    /// Lines of the listing being read.
    code: String,
    /// What waits for the end of the table it is in.
    waiting_notes: Vec<Node<'a, 'a>>,
    waiting_graphics: Vec<Graphic<'a>>,
    /// Tables, and notes, around what is being read: no headings there.
    enclosed: usize,
    drawn: HashSet<String>,
    /// The item being read.
    item: Option<Item<'a>>,
    lists: Lists<'a>,
    headings: Counts,
}

/// How far lists are counted.
#[derive(Default)]
struct Lists<'a> {
    counts: Vec<Counts>,
    /// Which of them a list belongs to, by its id.
    by_id: HashMap<&'a str, usize>,
    /// The last one of each style.
    by_style: HashMap<&'a str, usize>,
}

#[derive(Clone, Copy)]
struct Item<'a> {
    style: Option<&'a str>,
    /// From 0.
    level: usize,
    counts: usize,
    /// What is before its first paragraph has not been put out.
    is_new: bool,
    start: Option<u32>,
}

impl<'a, 'p, 'b, 'r> Body<'a, 'p, 'b, 'r> {
    pub(super) fn new(
        package: Option<&'p mut Package<'b>>,
        pictures: &'p mut Pictures<'r>,
        styles: Styles,
    ) -> Body<'a, 'p, 'b, 'r> {
        Body {
            package,
            pictures,
            styles,
            outline: Outline::default(),
            title: None,
            repeated_bytes: MAX_REPEATED_BYTES,
            state: State::default(),
        }
    }

    pub(super) fn blocks(&mut self, parent: Node<'a, 'a>) -> Result<(), ParseError> {
        for node in parent.children().filter(Node::is_element) {
            if self.pictures.are_drawn() {
                break;
            }
            match node.tag_name().name() {
                "p" | "h" => self.paragraph(node)?,
                "list" => self.list(node)?,
                "numbered-paragraph" => self.numbered_paragraph(node)?,
                "table" => {
                    self.end_code();
                    table::read(self, node)?;
                    self.put_out_waiting()?;
                }
                "section" | "index-title" if is_hidden(node) => {}
                "section" | "bibliography" | "index-body" | "index-title" => self.blocks(node)?,
                name if is_drawn(name) => self.shape(node)?,
                // Drawings in a link.
                "a" => self.blocks(node)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts out what was still being read.
    pub(super) fn end(&mut self) {
        self.end_code();
    }

    /// Reads blocks that are to be part of something else.
    pub(super) fn enclosed(&mut self, parent: Node<'a, 'a>) -> Result<Vec<Block>, ParseError> {
        self.end_code();
        let outer = std::mem::take(&mut self.outline);
        let item = self.state.item.take();
        self.state.enclosed += 1;
        let read = self.blocks(parent);
        self.end_code();
        self.state.enclosed -= 1;
        self.state.item = item;
        let inner = std::mem::replace(&mut self.outline, outer);
        read?;
        Ok(inner.finish()?.1)
    }

    /// How many tables, or notes, are around what is being read.
    pub(super) fn nesting(&self) -> usize {
        self.state.enclosed
    }

    /// A drawing that stands by itself.
    pub(super) fn shape(&mut self, node: Node<'a, 'a>) -> Result<(), ParseError> {
        self.end_code();
        let mut inline = Inline::default();
        inline.graphic(node);
        self.outline.paragraph(&inline.text);
        self.put_out_anchored(inline)
    }

    fn paragraph(&mut self, node: Node<'a, 'a>) -> Result<(), ParseError> {
        let style = attribute(node, "style-name");
        let role = self.role(node, style);
        let is_heading = matches!(role, Role::Heading(_) | Role::Title) && self.state.enclosed == 0;
        let mut inline = Inline::of_heading(is_heading);
        inline.read(node, style, &self.styles);
        if role != Role::Code {
            self.end_code();
        }
        let marker = self.marker(node, role, style, &inline.text);
        self.put_out(role, marker, &inline.text);
        self.put_out_anchored(inline)
    }

    fn role(&self, node: Node<'a, 'a>, style: Option<&str>) -> Role {
        let of_style = self.styles.role(style);
        if node.tag_name().name() != "h" || of_style == Role::Title {
            return of_style;
        }
        let said = attribute(node, "outline-level").and_then(|level| level.parse().ok());
        let level = said.or_else(|| self.styles.outline_level(style?)).unwrap_or(1);
        Role::Heading(level.clamp(1, 10))
    }

    /// Counts the paragraph in its list, or the heading among those of the document. The depth is the level's; none of a further paragraph of an item.
    fn marker(
        &mut self,
        node: Node<'a, 'a>,
        role: Role,
        style: Option<&'a str>,
        text: &str,
    ) -> Option<(usize, Option<Marker>)> {
        if let Some(item) = &mut self.state.item {
            if !std::mem::take(&mut item.is_new) {
                return Some((item.level, None));
            }
            let list = item.style.or_else(|| self.styles.list_of_paragraph(style?));
            let list = list.and_then(|list| self.styles.list(list));
            let counts = self.state.lists.counts.get_mut(item.counts)?;
            let marker = list.map_or(Marker::Bullet, |list| list.next(item.level, item.start, counts));
            return Some((item.level, Some(marker)));
        }
        let Role::Heading(level) = role else { return None };
        let is_out = style.and_then(|style| self.styles.list_of_paragraph(style)) == Some("")
            || attribute(node, "is-list-header") == Some("true");
        if is_out || node.tag_name().name() != "h" || self.state.enclosed > 0 || text.trim().is_empty() {
            return None;
        }
        let start = attribute(node, "start-value").and_then(|start| start.parse().ok());
        let level = usize::from(level).saturating_sub(1);
        match self.styles.outline.next(level, start, &mut self.state.headings) {
            marker @ Marker::Number(_) => Some((0, Some(marker))),
            Marker::Bullet | Marker::None => None,
        }
    }

    fn put_out(&mut self, role: Role, marker: Option<(usize, Option<Marker>)>, text: &str) {
        let numbered = |text: &str| match &marker {
            Some((_, Some(Marker::Number(label)))) if !text.trim().is_empty() => format!("{label} {text}"),
            _ => text.to_owned(),
        };
        match role {
            Role::Contents => {}
            Role::Title if self.state.enclosed == 0 => {
                self.title = self.title.take().or_else(|| title(text));
                self.outline.heading(0, text);
            }
            Role::Heading(level) if self.state.enclosed == 0 => self.outline.heading(level, &numbered(text)),
            Role::Code => {
                self.state.code.push_str(text);
                self.state.code.push('\n');
            }
            Role::Quote => self.outline.push(BlockKind::Quote, tidy_lines(text)),
            Role::Body | Role::Title | Role::Heading(_) => match &marker {
                Some((depth, Some(Marker::Bullet))) => self.outline.list_item(*depth, "- ", text),
                Some((depth, Some(Marker::Number(label)))) => {
                    self.outline.list_item(*depth, &format!("{label} "), text);
                }
                Some((depth, None)) => self.outline.list_item(*depth, "  ", text),
                Some((_, Some(Marker::None))) | None => self.outline.paragraph(text),
            },
        }
    }

    fn list(&mut self, list: Node<'a, 'a>) -> Result<(), ParseError> {
        let outer = self.state.item;
        let style = attribute(list, "style-name").or(outer.and_then(|item| item.style));
        let (level, counts) = match outer {
            Some(item) => (item.level + 1, item.counts),
            None => (0, self.state.lists.counts_of(list, style)),
        };
        for node in list.children().filter(Node::is_element) {
            let is_new = match node.tag_name().name() {
                "list-item" => true,
                "list-header" => false,
                _ => continue,
            };
            self.state.item = Some(Item {
                style,
                level,
                counts,
                is_new,
                start: attribute(node, "start-value").and_then(|start| start.parse().ok()),
            });
            // What heads a list stands at its side.
            if !is_new && outer.is_none() {
                self.state.item = None;
            }
            self.blocks(node)?;
            self.end_code();
        }
        self.state.item = outer;
        Ok(())
    }

    fn numbered_paragraph(&mut self, node: Node<'a, 'a>) -> Result<(), ParseError> {
        let style = attribute(node, "style-name");
        let level = attribute(node, "level").and_then(|level| level.parse::<usize>().ok());
        let outer = self.state.item;
        self.state.item = Some(Item {
            style,
            level: level.unwrap_or(1).saturating_sub(1),
            counts: self.state.lists.counts_of(node, style),
            is_new: true,
            start: attribute(node, "start-value").and_then(|start| start.parse().ok()),
        });
        self.blocks(node)?;
        self.state.item = outer;
        Ok(())
    }

    fn end_code(&mut self) {
        let code = std::mem::take(&mut self.state.code);
        push_code(&code, "", &mut self.outline);
    }

    fn put_out_anchored(&mut self, inline: Inline<'a>) -> Result<(), ParseError> {
        let item = self.state.item.take();
        for text_box in inline.boxes {
            self.blocks(text_box)?;
        }
        self.state.item = item;
        self.state.waiting_graphics.extend(inline.graphics);
        self.state.waiting_notes.extend(inline.notes);
        self.put_out_waiting()
    }

    fn put_out_waiting(&mut self) -> Result<(), ParseError> {
        if self.state.enclosed > 0 {
            return Ok(());
        }
        for graphic in std::mem::take(&mut self.state.waiting_graphics) {
            let (Graphic::Picture(target) | Graphic::Object(target)) = graphic;
            let part = resolve("", target);
            let Some(package) = self.package.as_deref_mut() else {
                continue;
            };
            if !self.state.drawn.insert(part.clone()) {
                continue;
            }
            match graphic {
                Graphic::Picture(_) => self.pictures.append(package, &part, &mut self.outline),
                Graphic::Object(_) => append_object(package, &part, &mut self.outline)?,
            }
        }
        for note in std::mem::take(&mut self.state.waiting_notes) {
            let texts = self.enclosed(note)?;
            let texts: Vec<_> = texts.iter().map(|block| one_line(&block.text)).collect();
            self.outline.paragraph(&texts.join("\n"));
        }
        Ok(())
    }
}

impl<'a> Lists<'a> {
    /// Where a list counts: anew, or where the one counted that it continues.
    fn counts_of(&mut self, list: Node<'a, 'a>, style: Option<&'a str>) -> usize {
        let of_id = |lists: &Lists<'a>, name| lists.by_id.get(attribute(list, name)?).copied();
        let continued = of_id(self, "continue-list").or_else(|| match list.tag_name().name() {
            "numbered-paragraph" => of_id(self, "list-id"),
            _ if attribute(list, "continue-numbering") == Some("true") => self.by_style.get(style?).copied(),
            _ => None,
        });
        let counts = continued.unwrap_or(self.counts.len());
        if continued.is_none() {
            self.counts.push(Counts::default());
        }
        let id = attribute(list, "list-id").or_else(|| attribute(list, "id"));
        self.by_id.extend(id.map(|id| (id, counts)));
        self.by_style.extend(style.map(|style| (style, counts)));
        counts
    }
}

/// A section that its author does not show, or whose condition says so.
fn is_hidden(section: Node<'_, '_>) -> bool {
    match attribute(section, "display") {
        Some("none") => true,
        Some("condition") => attribute(section, "is-hidden") == Some("true"),
        _ => false,
    }
}

/// The text of all paragraphs below `node`, a line each.
pub(super) fn plain<'a>(node: Node<'a, 'a>, styles: &Styles) -> String {
    let mut lines = Vec::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        if !matches!(node.tag_name().name(), "p" | "h") {
            stack.extend(node.children().filter(Node::is_element).rev());
            continue;
        }
        let mut inline = Inline::of_heading(true);
        inline.read(node, attribute(node, "style-name"), styles);
        lines.push(inline.text);
    }
    lines.join("\n")
}

/// The content of a document, by what its body holds.
pub(super) fn content<'a>(root: Node<'a, 'a>, kind: &str) -> Option<Node<'a, 'a>> {
    child(child(root, "body")?, kind)
}
