use ego_tree::iter::Edge;
use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{Html, Node};

use super::listing::{language, preformatted};
use super::math;
use super::pairs;
use super::table::Table;
use crate::ParseError;
use crate::code::push_code;
use crate::outline::Outline;
use crate::table::{Header, cell_text, push_table};
use crate::whitespace::one_line;

/// Each table within a cell has its text copied once more; cells of tables nested deeper are read as paragraphs.
const MAX_NESTED: usize = 5;
/// So many times the size of a page is repeated of the text of merged cells.
const MAX_REPEATED: usize = 4;

/// A tree to read.
#[derive(Clone, Copy)]
pub(super) struct Content<'h> {
    pub(super) tree: &'h Html,
    /// Navigation, header and footer belong to the content.
    pub(super) chrome: bool,
    /// Each heading is a level lower than the page has it.
    pub(super) has_lowered_headings: bool,
}

/// Reads the tree's text into the outline, block by block. Walks without recursion, but for tables within tables. `bytes` is the size of the source.
pub(super) fn append(content: &Content<'_>, bytes: usize, outline: &mut Outline) -> Result<(), ParseError> {
    let mut reader = Reader {
        outline,
        chrome: content.chrome,
        lowered: u8::from(content.has_lowered_headings),
        skipping: None,
        heading: false,
        tables: 0,
        repeated_bytes: MAX_REPEATED * bytes,
    };
    reader.read(content.tree.tree.root())
}

/// Scripts, controls and what readers do not see; also navigation, header and footer of the page when `chrome` is false.
pub(super) fn is_skipped(node: NodeRef<'_, Node>, chrome: bool) -> bool {
    let Node::Element(element) = node.value() else {
        return false;
    };
    match element.name() {
        "script" | "style" | "template" | "head" | "svg" | "iframe" | "object" | "canvas" | "audio" | "video"
        | "select" | "textarea" | "button" | "noscript" | "dialog" => true,
        "nav" => !chrome,
        "header" | "footer" | "aside" => {
            !chrome
                && !node
                    .ancestors()
                    .any(|a| matches!(a.value().as_element().map(Element::name), Some("article" | "main")))
        }
        _ => is_hidden(element),
    }
}

fn is_hidden(element: &Element) -> bool {
    let style = || element.attr("style").unwrap_or_default();
    element.attr("hidden").is_some()
        || element.attr("aria-hidden") == Some("true")
        || style().split(';').any(|rule| {
            rule.split_once(':').is_some_and(|(name, value)| {
                // What is `!important` is so whatever style sheets say.
                let value = value.split('!').next().unwrap_or_default();
                let pair = (name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase());
                matches!(
                    (pair.0.as_str(), pair.1.as_str()),
                    ("display", "none") | ("visibility", "hidden")
                )
            })
        })
}

struct Reader<'o> {
    outline: &'o mut Outline,
    chrome: bool,
    /// How many levels headings are lower than they were written.
    lowered: u8,
    /// Inside this node, which is not read or was read at once.
    skipping: Option<NodeId>,
    /// Inside a heading, where blocks do not end the text.
    heading: bool,
    /// Tables of data around what is being read: no headings there.
    tables: usize,
    /// What merged cells may still repeat.
    repeated_bytes: usize,
}

impl Reader<'_> {
    fn read(&mut self, root: NodeRef<'_, Node>) -> Result<(), ParseError> {
        for edge in root.traverse() {
            match edge {
                Edge::Open(_) if self.skipping.is_some() => {}
                Edge::Open(node) if is_skipped(node, self.chrome) => self.skipping = Some(node.id()),
                Edge::Open(node) => match node.value() {
                    Node::Text(text) => self.outline.flowing_text(text),
                    Node::Element(element) => self.open(node, element)?,
                    _ => {}
                },
                Edge::Close(node) if self.skipping == Some(node.id()) => self.skipping = None,
                Edge::Close(node) if self.skipping.is_none() => {
                    if let Node::Element(element) = node.value() {
                        self.close(element.name());
                    }
                }
                Edge::Close(_) => {}
            }
        }
        self.outline.end_block();
        Ok(())
    }

    fn open(&mut self, node: NodeRef<'_, Node>, element: &Element) -> Result<(), ParseError> {
        match element.name() {
            name if self.heading && is_block(name) => self.outline.text(" "),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.tables == 0 => {
                self.outline.open_heading();
                self.heading = true;
            }
            "a" => self.outline.open_link(element.attr("href").unwrap_or_default()),
            "sup" => self.outline.open_superscript(),
            "br" if self.tables > 0 => self.outline.text(" "),
            "br" => self.outline.text("\n"),
            "img" => self.outline.flowing_text(element.attr("alt").unwrap_or_default()),
            "ul" | "menu" => self.outline.open_list(None),
            "ol" => {
                let start = element
                    .attr("start")
                    .and_then(|start| start.trim().parse().ok())
                    .unwrap_or(1);
                self.outline.open_list(Some(start));
            }
            "li" => self.outline.open_item(),
            "blockquote" => self.outline.open_quote(),
            "pre" => {
                self.outline.end_block();
                push_code(&preformatted(node), language(node), self.outline);
                self.skipping = Some(node.id());
            }
            "math" => {
                self.outline.text(&math::linear(node));
                self.skipping = Some(node.id());
            }
            "table" => {
                self.outline.end_block();
                let table = Table::of(node);
                if self.tables < MAX_NESTED && !table.lays_out_the_page(node) {
                    self.table(&table)?;
                    self.skipping = Some(node.id());
                }
            }
            name if is_block(name) => self.outline.end_block(),
            _ => {}
        }
        Ok(())
    }

    fn table(&mut self, table: &Table<'_>) -> Result<(), ParseError> {
        if let Some(caption) = table.caption {
            let caption = self.cell(caption)?;
            self.outline.paragraph(&one_line(&caption));
        }
        let mut texts = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let cells = row.cells.iter().map(|cell| self.cell(*cell));
            texts.push(cells.collect::<Result<Vec<String>, ParseError>>()?);
        }
        if pairs::are_rows_of(table) {
            crate::pairs::append(texts, self.outline);
            return Ok(());
        }
        push_table(
            table.spread(texts, &mut self.repeated_bytes),
            Header::Rows(table.header_rows()),
            self.outline,
        );
        Ok(())
    }

    /// All that is in a cell, as its text.
    fn cell(&mut self, cell: NodeRef<'_, Node>) -> Result<String, ParseError> {
        let mut outline = Outline::default();
        let mut reader = Reader {
            outline: &mut outline,
            chrome: self.chrome,
            lowered: self.lowered,
            skipping: None,
            heading: false,
            tables: self.tables + 1,
            repeated_bytes: self.repeated_bytes,
        };
        reader.read(cell)?;
        self.repeated_bytes = reader.repeated_bytes;
        Ok(cell_text(&outline.finish()?.1))
    }

    fn close(&mut self, name: &str) {
        match name {
            name if self.tables > 0 && is_block(name) => self.outline.end_block(),
            "h1" => self.close_heading(1),
            "h2" => self.close_heading(2),
            "h3" => self.close_heading(3),
            "h4" => self.close_heading(4),
            "h5" => self.close_heading(5),
            "h6" => self.close_heading(6),
            name if self.heading && is_block(name) => self.outline.text(" "),
            "a" => self.outline.close_link(),
            "sup" => self.outline.close_superscript(),
            "ul" | "ol" | "menu" => self.outline.close_list(),
            "li" => self.outline.close_item(),
            "blockquote" => self.outline.close_quote(),
            name if is_block(name) => self.outline.end_block(),
            _ => {}
        }
    }

    fn close_heading(&mut self, level: u8) {
        self.heading = false;
        self.outline.end_heading(level.saturating_sub(self.lowered).max(1));
    }
}

/// Everything but the elements that stand within a line.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "header"
            | "footer"
            | "nav"
            | "aside"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hgroup"
            | "address"
            | "dl"
            | "dt"
            | "dd"
            | "details"
            | "summary"
            | "figure"
            | "figcaption"
            | "fieldset"
            | "legend"
            | "form"
            | "hr"
            | "table"
            | "caption"
            | "thead"
            | "tbody"
            | "tfoot"
            | "tr"
            | "td"
            | "th"
            | "center"
            | "body"
    )
}
