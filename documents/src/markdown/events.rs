use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::Indented;
use super::html_blocks::HtmlBlocks;
use super::raw_html::RawHtml;
use crate::code::push_code;
use crate::outline::Outline;
use crate::table::{Cell, Header, push_table};
use crate::whitespace::{one_line, tidy_lines};
use crate::{BlockKind, ParseError, pairs};

/// Reads Markdown into the outline.
pub(super) fn read(markdown: &str, indented: Indented, outline: &mut Outline) -> Result<(), ParseError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut reader = Reader {
        outline,
        indented,
        raw: RawHtml::default(),
        html: HtmlBlocks::default(),
        verbatim: None,
        language: None,
        rows: Vec::new(),
        row: Vec::new(),
        has_header: false,
    };
    for event in Parser::new_ext(markdown, options) {
        reader.event(event)?;
    }
    reader.html.end(reader.outline)
}

struct Reader<'o> {
    outline: &'o mut Outline,
    indented: Indented,
    raw: RawHtml,
    html: HtmlBlocks,
    /// Code or HTML being collected.
    verbatim: Option<String>,
    /// What the fence of the code block being read names; `None` where it has no fence. Its end event does not say.
    language: Option<String>,
    /// Of the table being read.
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// Markdown has no table without a row of names; one that has none leaves it empty.
    has_header: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), ParseError> {
        let is_html = matches!(
            event,
            Event::Start(Tag::HtmlBlock) | Event::Html(_) | Event::End(TagEnd::HtmlBlock)
        );
        if !is_html {
            self.html.end(self.outline)?;
        }
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag)?,
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text)
            }
            Event::Html(html) => self.text(&html),
            Event::InlineHtml(tag) => self.raw.inline(&tag, self.outline),
            Event::SoftBreak => self.line_end(),
            Event::HardBreak => self.text("\n"),
            Event::TaskListMarker(done) => self.text(if done { "[x] " } else { "[ ] " }),
            Event::Rule => self.outline.end_block(),
            Event::FootnoteReference(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match &mut self.verbatim {
            Some(verbatim) => verbatim.push_str(text),
            None if self.raw.skips_text() => {}
            None => self.outline.text(text),
        }
    }

    fn line_end(&mut self) {
        match &mut self.verbatim {
            Some(verbatim) => verbatim.push(' '),
            None if self.raw.skips_text() => {}
            None => self.outline.line_end(),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.outline.open_heading(),
            Tag::Table(_) => self.outline.end_block(),
            Tag::Link { dest_url, .. } => self.outline.open_link(dest_url),
            Tag::List(first) => self.outline.open_list(*first),
            Tag::Item => self.outline.open_item(),
            Tag::BlockQuote(_) => self.outline.open_quote(),
            Tag::CodeBlock(_) | Tag::HtmlBlock => {
                self.outline.end_block();
                self.verbatim = Some(String::new());
                self.language = match tag {
                    Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Some(language(info).to_owned()),
                    _ => None,
                };
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), ParseError> {
        if matches!(
            tag,
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell
        ) {
            self.raw.end_paragraph();
        }
        match tag {
            TagEnd::Heading(level) => {
                let text = self.outline.take_text();
                self.outline.text(without_attributes(&text));
                self.outline.end_heading(level as u8);
            }
            TagEnd::Link => self.outline.close_link(),
            TagEnd::List(_) => self.outline.close_list(),
            TagEnd::Item => self.outline.close_item(),
            TagEnd::BlockQuote(_) => self.outline.close_quote(),
            TagEnd::Paragraph | TagEnd::FootnoteDefinition => self.outline.end_block(),
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::HtmlBlock => {
                let html = self.verbatim.take().unwrap_or_default();
                self.html.add(&html, self.outline)?;
            }
            TagEnd::TableCell => {
                let cell = one_line(&self.outline.take_text());
                self.row.push(cell.replace(" | ", ", "));
            }
            TagEnd::TableHead => {
                self.end_row();
                self.has_header = !self.rows.is_empty();
            }
            TagEnd::TableRow => self.end_row(),
            TagEnd::Table => self.end_table(),
            _ => {}
        }
        Ok(())
    }

    fn end_code(&mut self) {
        let code = self.verbatim.take().unwrap_or_default();
        if self.language.is_some() || self.indented == Indented::Code {
            push_code(&code, self.language.take().as_deref().unwrap_or_default(), self.outline);
        } else {
            self.outline.text(&tidy_lines(&code));
            self.outline.end_block();
        }
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if row.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(row);
        }
    }

    /// Two columns that have no names are names and their values.
    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let are_pairs = rows
            .iter()
            .all(|row| matches!(row.as_slice(), [name, _] if !name.is_empty()));
        if self.has_header {
            let lines: Vec<String> = rows.iter().map(|row| row.join(" | ")).collect();
            self.outline
                .push(BlockKind::Table, lines.join("\n").trim_end().to_owned());
        } else if are_pairs {
            pairs::append(rows, self.outline);
        } else {
            let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::from).collect());
            push_table(rows.collect(), Header::Guess, self.outline);
        }
    }
}

/// A heading without what names it for links (`{#id}`) or for style sheets (`{.class}`). Other braces at its end are its own: `/orders/{id}`.
fn without_attributes(heading: &str) -> &str {
    let attributes = || {
        let (text, attributes) = heading.trim_end().strip_suffix('}')?.rsplit_once('{')?;
        let stands_apart = text.is_empty() || text.ends_with(char::is_whitespace);
        let is_id = attributes.starts_with('#') && (stands_apart || text.ends_with(char::is_alphanumeric));
        let is_class = attributes.starts_with('.') && stands_apart;
        (is_id || is_class).then_some(text)
    };
    attributes().unwrap_or(heading)
}

/// The first word of what follows a fence: `js`, of "js {1,3} title=app.js".
fn language(info: &str) -> &str {
    info.split([' ', ',', '{', '\t']).next().unwrap_or_default()
}
