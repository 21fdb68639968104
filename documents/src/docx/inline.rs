use roxmltree::Node;

use super::styles::Styles;
use crate::drawing::{alt_text, chosen_content, linear};
use crate::package::{attribute, child, is_on, value};
use crate::superscript;

/// A chart, a diagram or a picture, by the relationship to its part.
#[derive(Debug)]
pub(super) enum Graphic {
    Chart(String),
    Diagram(String),
    Picture(String),
}

/// Which collection of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NoteKind {
    Footnote,
    Endnote,
}

/// What a paragraph holds: its text, and what is anchored in it and read after it.
#[derive(Debug, Default)]
pub(super) struct Inline<'a> {
    pub(super) text: String,
    pub(super) boxes: Vec<Node<'a, 'a>>,
    pub(super) notes: Vec<(NoteKind, &'a str)>,
    pub(super) graphics: Vec<Graphic>,
    /// The style of the paragraph hides what does not say otherwise.
    hidden: bool,
    /// Where the raised runs being read begin in the text.
    raised: Option<usize>,
    described: Option<&'a str>,
}

/// Open fields, innermost last: whether their instruction, and not yet their result, is being read. A field may span paragraphs.
#[derive(Debug, Default)]
pub(super) struct Fields {
    in_instruction: Vec<bool>,
}

impl Fields {
    fn mark(&mut self, kind: Option<&str>) {
        match kind {
            Some("begin") => self.in_instruction.push(true),
            Some("separate") => {
                if let Some(innermost) = self.in_instruction.last_mut() {
                    *innermost = false;
                }
            }
            Some("end") => {
                self.in_instruction.pop();
            }
            _ => {}
        }
    }

    fn hide(&self) -> bool {
        self.in_instruction.contains(&true)
    }
}

impl<'a> Inline<'a> {
    /// Reads the runs of a paragraph of this style.
    pub(super) fn read(&mut self, paragraph: Node<'a, 'a>, style: Option<&str>, styles: &Styles, fields: &mut Fields) {
        self.hidden = style.is_some_and(|style| styles.is_hidden(style));
        self.runs(paragraph, styles, fields);
        self.raise(false);
    }

    /// Reads the runs below `node`, and what wraps runs. What was deleted or moved away is left out.
    fn runs(&mut self, node: Node<'a, 'a>, styles: &Styles, fields: &mut Fields) {
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "r" => self.run(child, styles, fields),
                "hyperlink" | "ins" | "moveTo" | "smartTag" | "fldSimple" | "sdtContent" | "customXml" | "dir"
                | "bdo" => {
                    self.runs(child, styles, fields);
                }
                "sdt" if !shows_its_prompt(child) => self.runs(child, styles, fields),
                "oMath" | "oMathPara" => {
                    // Equations that follow each other are not a product.
                    let before = child.prev_sibling_element().map(|before| before.tag_name().name());
                    if before.is_some_and(|name| name.starts_with("oMath")) {
                        self.text.push(' ');
                    }
                    self.text.push_str(&linear(child));
                }
                "AlternateContent" => {
                    if let Some(content) = chosen_content(child) {
                        self.runs(content, styles, fields);
                    }
                }
                _ => {}
            }
        }
    }

    /// Several runs may be one superscript.
    fn raise(&mut self, raised: bool) {
        match self.raised {
            None if raised => self.raised = Some(self.text.len()),
            Some(start) if !raised => {
                superscript::mark(&mut self.text, start);
                self.raised = None;
            }
            _ => {}
        }
    }

    fn run(&mut self, run: Node<'a, 'a>, styles: &Styles, fields: &mut Fields) {
        let properties = child(run, "rPr");
        let of_style = |properties| value(properties, "rStyle").is_some_and(|style| styles.is_hidden(style));
        let hidden = match properties {
            Some(properties) if child(properties, "vanish").is_some() => is_on(properties, "vanish"),
            properties => self.hidden || properties.is_some_and(of_style),
        };
        if !hidden {
            let vertical = properties.and_then(|properties| value(properties, "vertAlign"));
            self.raise(vertical == Some("superscript"));
            self.run_content(run, styles, fields);
            return;
        }
        for mark in run.children().filter(|child| child.tag_name().name() == "fldChar") {
            fields.mark(attribute(mark, "fldCharType"));
        }
    }

    fn run_content(&mut self, run: Node<'a, 'a>, styles: &Styles, fields: &mut Fields) {
        for child in run.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            if name == "fldChar" {
                fields.mark(attribute(child, "fldCharType"));
            }
            if fields.hide() {
                continue;
            }
            match name {
                "t" => self.text.push_str(child.text().unwrap_or_default()),
                "tab" | "ptab" => self.text.push('\t'),
                "br" | "cr" => self.text.push('\n'),
                "noBreakHyphen" => self.text.push('-'),
                "sym" => self.text.extend(symbol(child)),
                "footnoteReference" => self.note(NoteKind::Footnote, child),
                "endnoteReference" => self.note(NoteKind::Endnote, child),
                "drawing" | "pict" | "object" => self.graphic(child),
                "AlternateContent" => {
                    if let Some(content) = chosen_content(child) {
                        self.run_content(content, styles, fields);
                    }
                }
                "ruby" => {
                    if let Some(base) = crate::package::child(child, "rubyBase") {
                        self.runs(base, styles, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, kind: NoteKind, reference: Node<'a, 'a>) {
        if let Some(id) = attribute(reference, "id") {
            self.notes.push((kind, id));
        }
    }

    /// Finds what a drawing says: text boxes, charts, diagrams, and pictures with their descriptions.
    fn graphic(&mut self, node: Node<'a, 'a>) {
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "txbxContent" => self.boxes.push(child),
                "AlternateContent" => {
                    if let Some(content) = chosen_content(child) {
                        self.graphic(content);
                    }
                }
                "chart" => self
                    .graphics
                    .extend(attribute(child, "id").map(|id| Graphic::Chart(id.to_owned()))),
                "relIds" => self
                    .graphics
                    .extend(attribute(child, "dm").map(|id| Graphic::Diagram(id.to_owned()))),
                "blip" => self
                    .graphics
                    .extend(attribute(child, "embed").map(|id| Graphic::Picture(id.to_owned()))),
                "imagedata" => self
                    .graphics
                    .extend(attribute(child, "id").map(|id| Graphic::Picture(id.to_owned()))),
                "docPr" | "cNvPr" => self.describe(attribute(child, "descr")),
                "shape" => {
                    self.describe(attribute(child, "alt"));
                    self.graphic(child);
                }
                _ => self.graphic(child),
            }
        }
    }

    /// Word repeats the description of a picture in its drawing and in the picture itself.
    fn describe(&mut self, description: Option<&'a str>) {
        if description.is_none() || description == self.described {
            return;
        }
        self.described = description;
        if let Some(text) = description.and_then(alt_text) {
            self.text.push_str(&format!(" {text} "));
        }
    }
}

/// A content control that still shows its prompt.
pub(super) fn shows_its_prompt(sdt: Node<'_, '_>) -> bool {
    child(sdt, "sdtPr").is_some_and(|properties| is_on(properties, "showingPlcHdr"))
}

/// A character of a symbol font; those of the private use area mean something in that font only, but for the usual marks.
fn symbol(node: Node<'_, '_>) -> Option<char> {
    let code = u32::from_str_radix(attribute(node, "char")?, 16).ok()?;
    let wingdings = attribute(node, "font").is_some_and(|font| font.starts_with("Wingdings"));
    match (code & 0xFF, wingdings, code) {
        (0xFC, true, _) => Some('✓'),
        (0xFB, true, _) => Some('✗'),
        (0xFE | 0x52, true, _) => Some('☑'),
        (0xFD | 0x54, true, _) => Some('☒'),
        (0xA8 | 0x6F | 0xA3, true, _) => Some('☐'),
        (0xE0 | 0xF0, true, _) => Some('→'),
        (_, _, 0xE000..=0xF8FF) => None,
        _ => char::from_u32(code).filter(|c| !c.is_control()),
    }
}
