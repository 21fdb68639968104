use roxmltree::Node;

use super::styles::Styles;
use crate::drawing::alt_text;
use crate::link::address_after;
use crate::package::{attribute, child};
use crate::superscript;

/// More spaces in a row say nothing more.
const MAX_SPACES: usize = 100;

/// A picture, or an object such as a chart, by the name of its part.
#[derive(Debug)]
pub(super) enum Graphic<'a> {
    Picture(&'a str),
    Object(&'a str),
}

/// What a paragraph holds: its text, and what is anchored in it and read after it.
#[derive(Debug, Default)]
pub(super) struct Inline<'a> {
    pub(super) text: String,
    pub(super) boxes: Vec<Node<'a, 'a>>,
    pub(super) notes: Vec<Node<'a, 'a>>,
    pub(super) graphics: Vec<Graphic<'a>>,
    /// What is being read is not shown.
    hidden: bool,
    /// In a heading, links go without their addresses.
    is_heading: bool,
}

impl<'a> Inline<'a> {
    /// Of a heading, or of text that is to be one.
    pub(super) fn of_heading(is_heading: bool) -> Inline<'a> {
        Inline {
            is_heading,
            ..Inline::default()
        }
    }

    /// Reads the runs of a paragraph of this style.
    pub(super) fn read(&mut self, paragraph: Node<'a, 'a>, style: Option<&str>, styles: &Styles) {
        self.hidden = style.is_some_and(|style| styles.hides_paragraph(style));
        self.runs(paragraph, styles);
    }

    fn runs(&mut self, node: Node<'a, 'a>, styles: &Styles) {
        for child in node.children() {
            if child.is_text() {
                self.push(&child.text().unwrap_or_default().replace(['\n', '\r', '\t'], " "));
                continue;
            }
            match child.tag_name().name() {
                "s" => {
                    let count = attribute(child, "c").and_then(|count| count.parse().ok());
                    self.push(&" ".repeat(count.unwrap_or(1).min(MAX_SPACES)));
                }
                "tab" => self.push("\t"),
                "line-break" => self.push("\n"),
                "span" => self.span(child, styles),
                "a" => self.link(child, styles),
                "note" => {
                    if !self.hidden {
                        self.notes.extend(crate::package::child(child, "note-body"));
                    }
                }
                "ruby" => {
                    if let Some(base) = crate::package::child(child, "ruby-base") {
                        self.runs(base, styles);
                    }
                }
                // Comments, prompts to fill in, and what is written elsewhere.
                "annotation" | "annotation-end" | "placeholder" | "script" | "number" | "tracked-changes" => {}
                "hidden-text" if attribute(child, "is-hidden") != Some("false") => {}
                "hidden-paragraph" => self.hidden |= attribute(child, "is-hidden") == Some("true"),
                name if is_drawn(name) => {
                    if !self.hidden {
                        self.graphic(child);
                    }
                }
                _ => self.runs(child, styles),
            }
        }
    }

    fn push(&mut self, text: &str) {
        if !self.hidden {
            self.text.push_str(text);
        }
    }

    fn span(&mut self, span: Node<'a, 'a>, styles: &Styles) {
        let style = attribute(span, "style-name");
        let hidden = style.and_then(|style| styles.hides_text(style)).unwrap_or(self.hidden);
        let outer = std::mem::replace(&mut self.hidden, hidden);
        let start = self.text.len();
        self.runs(span, styles);
        if style.and_then(|style| styles.raises(style)) == Some(true) {
            superscript::mark(&mut self.text, start);
        }
        self.hidden = outer;
    }

    /// The address of a link follows its words.
    fn link(&mut self, link: Node<'a, 'a>, styles: &Styles) {
        let start = self.text.len();
        self.runs(link, styles);
        let words = self.text.get(start..).unwrap_or_default();
        let address = attribute(link, "href").and_then(|target| address_after(words, target));
        if let Some(address) = address.filter(|_| !self.is_heading) {
            let words = self.text.trim_end().len();
            let space = self.text.split_off(words);
            self.text.push_str(&address);
            self.text.push_str(&space);
        }
    }

    /// Finds what a drawing says: text boxes, charts, and pictures with their descriptions.
    pub(super) fn graphic(&mut self, node: Node<'a, 'a>) {
        let described = ["desc", "title"].iter().find_map(|name| child(node, name)?.text());
        if let Some(text) = described.and_then(alt_text) {
            self.text.push_str(&format!(" {text} "));
        }
        let mut has_picture = false;
        let mut has_object = false;
        for child in node.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "text-box" => self.boxes.push(child),
                // Those after the first show the same in other forms.
                "image" if !has_picture && !has_object => {
                    has_picture = true;
                    self.graphics.extend(attribute(child, "href").map(Graphic::Picture));
                }
                "object" => {
                    has_object = true;
                    self.graphics.extend(attribute(child, "href").map(Graphic::Object));
                }
                // As its only child: the frame is read as a box.
                "table" => {
                    has_object = true;
                    self.boxes.push(node);
                }
                name if is_drawn(name) => self.graphic(child),
                _ => {}
            }
        }
        let is_shape = !matches!(node.tag_name().name(), "frame" | "g" | "a");
        if is_shape && child(node, "p").or_else(|| child(node, "list")).is_some() {
            self.boxes.push(node);
        }
    }
}

/// Drawings, with or without text in them.
pub(super) fn is_drawn(name: &str) -> bool {
    matches!(
        name,
        "frame"
            | "g"
            | "custom-shape"
            | "rect"
            | "ellipse"
            | "circle"
            | "line"
            | "connector"
            | "polyline"
            | "polygon"
            | "regular-polygon"
            | "path"
            | "caption"
            | "measure"
    )
}
