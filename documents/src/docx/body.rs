use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::inline::{Fields, Graphic, Inline, NoteKind, shows_its_prompt};
use super::numbering::{Marker, Numbering, NumberingRef};
use super::styles::{Role, Styles, outline_level, role_of_level};
use super::table;
use crate::code::push_code;
use crate::drawing::{append_chart, append_diagram, chosen_content};
use crate::outline::{Outline, title};
use crate::package::{Package, Relationships, attribute, child, child_named, find, value};
use crate::pictures::Pictures;
use crate::whitespace::one_line;
use crate::{Block, BlockKind, ParseError};

/// The notes of a document that nobody has referred to yet: each is read once, where it is first referred to.
pub(super) type Notes<'a> = HashMap<(NoteKind, &'a str), Node<'a, 'a>>;

/// Reads blocks in the order of the document.
pub(super) struct Body<'a, 'p, 'b, 'r> {
    pub(super) package: &'p mut Package<'b>,
    pub(super) pictures: &'p mut Pictures<'r>,
    pub(super) relationships: Relationships,
    pub(super) styles: Styles,
    pub(super) numbering: Numbering,
    pub(super) notes: Notes<'a>,
    pub(super) outline: Outline,
    /// The first paragraph in the style of a title.
    pub(super) title: Option<String>,
    pub(super) state: State<'a>,
}

#[derive(Default)]
pub(super) struct State<'a> {
    fields: Fields,
    /// Lines of the listing being read.
    code: String,
    /// Notes, charts, diagrams and pictures that wait for the end of the table they are in.
    waiting_notes: Vec<(NoteKind, &'a str)>,
    waiting_graphics: Vec<Graphic>,
    /// Tables, and notes, around what is being read: no headings there.
    enclosed: usize,
    drawn: HashSet<String>,
}

impl<'a> Body<'a, '_, '_, '_> {
    pub(super) fn blocks(&mut self, parent: Node<'a, 'a>) -> Result<(), ParseError> {
        for node in parent.children().filter(Node::is_element) {
            if self.pictures.are_drawn() {
                break;
            }
            match node.tag_name().name() {
                "p" => self.paragraph(node)?,
                "tbl" => {
                    self.end_code();
                    table::read(self, node)?;
                    self.put_out_waiting()?;
                }
                "sdt" if shows_its_prompt(node) => {}
                "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" => self.blocks(node)?,
                "AlternateContent" => {
                    if let Some(content) = chosen_content(node) {
                        self.blocks(content)?;
                    }
                }
                "oMathPara" | "oMath" => self.outline.paragraph(&crate::drawing::linear(node)),
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
        self.state.enclosed += 1;
        let read = self.blocks(parent);
        self.end_code();
        self.state.enclosed -= 1;
        let inner = std::mem::replace(&mut self.outline, outer);
        read?;
        Ok(inner.finish()?.1)
    }

    /// How many tables, or notes, are around what is being read.
    pub(super) fn nesting(&self) -> usize {
        self.state.enclosed
    }

    fn paragraph(&mut self, node: Node<'a, 'a>) -> Result<(), ParseError> {
        let properties = child(node, "pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle"));
        let mut inline = Inline::default();
        inline.read(node, style, &self.styles, &mut self.state.fields);
        let role = properties
            .and_then(outline_level)
            .map(role_of_level)
            .filter(|role| *role != Role::Body)
            .unwrap_or_else(|| self.styles.role(style));
        // Deleted as a whole while changes were tracked, it does not count in its list.
        let is_deleted = inline.text.trim().is_empty() && find(node, &["pPr", "rPr", "del"]).is_some();
        let marker = match is_deleted {
            true => None,
            false => self.marker(properties, style),
        };
        if role != Role::Code {
            self.end_code();
        }
        self.put_out(role, marker, &inline.text);
        if role == Role::Contents {
            return Ok(());
        }
        for text_box in inline.boxes {
            self.blocks(text_box)?;
        }
        self.state.waiting_graphics.extend(inline.graphics);
        self.state.waiting_notes.extend(inline.notes);
        self.put_out_waiting()
    }

    /// Counts the paragraph in its list. The depth is the level's.
    fn marker(&mut self, properties: Option<Node<'a, 'a>>, style: Option<&str>) -> Option<(usize, Marker)> {
        let own = properties.map(NumberingRef::read).unwrap_or_default();
        let of_style = self.styles.numbering(style);
        let id = own
            .id
            .as_deref()
            .or(of_style.and_then(|(numbering, _)| numbering.id.as_deref()));
        let Some(id) = id else {
            return Some((self.styles.bullet_depth(style)?, Marker::Bullet));
        };
        let level = own
            .level
            .or_else(|| of_style?.0.level)
            .or_else(|| self.numbering.level_of_style(id, of_style?.1))
            .unwrap_or(0);
        Some((level, self.numbering.next(id, level)?))
    }

    fn put_out(&mut self, role: Role, marker: Option<(usize, Marker)>, text: &str) {
        let numbered = |text: &str| match &marker {
            Some((_, Marker::Number(label))) if !text.trim().is_empty() => format!("{label} {text}"),
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
            Role::Quote => self.outline.push(BlockKind::Quote, crate::whitespace::tidy_lines(text)),
            Role::Body | Role::Title | Role::Heading(_) => match &marker {
                Some((depth, Marker::Bullet)) => self.outline.list_item(*depth, "- ", text),
                Some((depth, Marker::Number(label))) => self.outline.list_item(*depth, &format!("{label} "), text),
                Some((_, Marker::None)) | None => self.outline.paragraph(text),
            },
        }
    }

    fn end_code(&mut self) {
        let code = std::mem::take(&mut self.state.code);
        push_code(&code, "", &mut self.outline);
    }

    fn put_out_waiting(&mut self) -> Result<(), ParseError> {
        if self.state.enclosed > 0 {
            return Ok(());
        }
        for graphic in std::mem::take(&mut self.state.waiting_graphics) {
            let (Graphic::Chart(id) | Graphic::Diagram(id) | Graphic::Picture(id)) = &graphic;
            let Some(part) = self.relationships.part(id).map(str::to_owned) else {
                continue;
            };
            if !self.state.drawn.insert(part.clone()) {
                continue;
            }
            match graphic {
                Graphic::Chart(_) => append_chart(self.package, &part, &mut self.outline)?,
                Graphic::Diagram(_) => append_diagram(self.package, &part, &mut self.outline)?,
                Graphic::Picture(_) => self.pictures.append(self.package, &part, &mut self.outline),
            }
        }
        for key in std::mem::take(&mut self.state.waiting_notes) {
            if let Some(note) = self.notes.remove(&key) {
                let texts = self.enclosed(note)?;
                // What is drawn in it has relationships of another part.
                self.state.waiting_graphics.clear();
                let texts: Vec<_> = texts.iter().map(|block| one_line(&block.text)).collect();
                self.outline.paragraph(&texts.join("\n"));
            }
        }
        Ok(())
    }
}

/// The notes of `footnotes.xml` or `endnotes.xml` by id.
pub(super) fn notes<'a>(kind: NoteKind, root: Node<'a, 'a>) -> Notes<'a> {
    let name = match kind {
        NoteKind::Footnote => "footnote",
        NoteKind::Endnote => "endnote",
    };
    child_named(root, name)
        .filter_map(|note| Some(((kind, attribute(note, "id")?), note)))
        .collect()
}
