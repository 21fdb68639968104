use std::ops::Range;

use super::expression;
use super::frames::Frames;
use super::lists::Lists;
use super::markup;
use crate::markdown::fence::Fence;
use crate::tag::{MAX_TAG_BYTES, Tag};
use crate::whitespace::one_line;

/// Removes tags, comments and expressions outside code and moves the content of components back to its tag's column.
pub(super) fn to_markdown(mdx: &str) -> String {
    let mut flat = Flattening {
        source: mdx,
        at: 0,
        out: String::with_capacity(mdx.len()),
        frames: Frames::default(),
        column: 0,
        is_row: false,
        in_table: false,
        is_blank: true,
        looked_at: 0,
        lists: Lists::default(),
        link: None,
        tails: Vec::new(),
        wasted: 0,
        paragraph_end: 0,
    };
    while flat.at < mdx.len() {
        flat.line();
    }
    flat.out
}

struct Flattening<'m> {
    source: &'m str,
    at: usize,
    out: String,
    frames: Frames,
    /// Where the current line begins in the output.
    column: usize,
    /// The current line is a row of a table, which a line end would end.
    is_row: bool,
    /// So is the next one, if it has cells: rows need not begin with a line.
    in_table: bool,
    /// The last line of the output is blank as far as it was looked at, which happens once.
    is_blank: bool,
    looked_at: usize,
    lists: Lists,
    /// The element of the link being read.
    link: Option<&'m str>,
    /// What ends the conditions being read, the innermost last.
    tails: Vec<Range<usize>>,
    /// Bytes looked at in vain for the end of a tag, an expression or a code span. Hostile text can make every character look
    /// like the start of one, so the search stops when it has cost several times the text.
    wasted: usize,
    /// End of the paragraph around the last backtick; a code span does not reach beyond.
    paragraph_end: usize,
}

impl<'m> Flattening<'m> {
    fn rest(&self) -> &'m str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn line(&mut self) {
        let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
        let content = line.trim_start_matches([' ', '\t']);
        let indentation = line.len() - content.len();
        let indent: usize = line
            .chars()
            .take(indentation)
            .map(|c| if c == '\t' { 4 } else { 1 })
            .sum();
        let is_content = !content.trim().is_empty() && !content.starts_with("</");
        self.column = self.frames.column(indent, is_content);
        if content.trim().is_empty() {
            self.link = None;
        }
        let row = content.trim_start_matches(['>', ' ']);
        let next = || self.rest().get(line.len()..).and_then(|rest| rest.lines().next());
        self.in_table = row.contains('|') && (self.in_table || next().is_some_and(is_below_header));
        self.is_row = self.in_table || row.starts_with('|');
        if let Some(fence) = Fence::opened_by(content) {
            self.fenced(fence, indent);
            return;
        }
        self.at += indentation;
        if !content.trim().is_empty() {
            self.out.extend(std::iter::repeat_n(' ', self.column));
        }
        while self.at < self.source.len() && !self.inline() {}
    }

    /// Copies a fenced block, moved by as much as its first line.
    fn fenced(&mut self, fence: Fence, indent: usize) {
        let mut first = true;
        while self.at < self.source.len() {
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            self.at += line.len();
            let own = line.len() - line.trim_start_matches([' ', '\t']).len();
            self.out.extend(std::iter::repeat_n(' ', self.column));
            self.out.push_str(line.get(own.min(indent)..).unwrap_or_default());
            if !first && fence.closed_by(line) {
                return;
            }
            first = false;
        }
    }

    /// Copies or drops what stands at the cursor; true at the end of a line.
    fn inline(&mut self) -> bool {
        let rest = self.rest();
        if let Some(tail) = self.tails.pop_if(|tail| tail.start <= self.at) {
            self.at = self.at.max(tail.end);
            return false;
        }
        let rest = self
            .tails
            .last()
            .map_or(rest, |tail| self.source.get(self.at..tail.start).unwrap_or(rest));
        let plain = rest.find(['\n', '\\', '`', '<', '{']).unwrap_or(rest.len());
        self.copy(plain);
        let rest = self.rest();
        if self.tails.last().is_some_and(|tail| tail.start <= self.at) {
            return false;
        }
        match rest.as_bytes().first() {
            None | Some(b'\n') => {
                self.copy(1.min(rest.len()));
                return true;
            }
            Some(b'\\') => self.copy(
                1 + rest
                    .chars()
                    .nth(1)
                    .filter(char::is_ascii_punctuation)
                    .map_or(0, char::len_utf8),
            ),
            Some(b'`') => self.code_span(),
            Some(b'<') => self.tag(),
            _ => self.expression(),
        }
        false
    }

    fn copy(&mut self, bytes: usize) {
        let rest = self.rest();
        self.out.push_str(rest.get(..bytes).unwrap_or(rest));
        self.at += bytes;
    }

    fn may_search(&mut self) -> bool {
        self.wasted < 8 * self.source.len() + 1024 * 1024
    }

    /// Copies a code span, or the backticks when no run of as many follows in the paragraph.
    fn code_span(&mut self) {
        let rest = self.rest();
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let body = rest.get(ticks..).unwrap_or_default();
        if self.paragraph_end <= self.at {
            self.paragraph_end = rest.find("\n\n").map_or(self.source.len(), |end| self.at + end);
        }
        let paragraph_end = if self.may_search() {
            self.paragraph_end.saturating_sub(self.at + ticks)
        } else {
            0
        };
        let mut from = 0;
        while let Some(found) = body.get(from..paragraph_end).and_then(|text| text.find('`')) {
            let start = from + found;
            let run = body
                .get(start..)
                .map_or(0, |text| text.len() - text.trim_start_matches('`').len());
            if run == ticks {
                self.copy(ticks + start + run);
                return;
            }
            from = start + run;
        }
        self.wasted += paragraph_end;
        self.copy(ticks);
    }

    fn tag(&mut self) {
        let rest = self.rest();
        if let Some(comment) = rest.strip_prefix("<!--")
            && self.may_search()
        {
            match comment.find("-->") {
                Some(end) => self.at += 4 + end + 3,
                None => {
                    self.wasted += comment.len();
                    self.copy(4);
                }
            }
            return;
        }
        let tag = if self.may_search() { Tag::read(rest) } else { None };
        let Some(tag) = tag else {
            self.wasted += rest.len().min(MAX_TAG_BYTES / 64);
            self.copy(1);
            return;
        };
        if !tag.is_markup() {
            // Markdown would take a placeholder such as <your-domain> for HTML again.
            self.out.push('\\');
            self.copy(tag.len);
            return;
        }
        if tag.name == "table" && !tag.closing && !self.is_row && self.html_table() {
            return;
        }
        self.at += tag.len;
        self.replace(&tag);
    }

    /// Copies a table written in HTML without its line ends, so that Markdown takes all of it for one HTML block.
    fn html_table(&mut self) -> bool {
        let rest = self.rest();
        let end = if self.may_search() { rest.find("</table>") } else { None };
        let Some(table) = end.and_then(|end| rest.get(..end + "</table>".len())) else {
            self.wasted += rest.len();
            return false;
        };
        self.out.push_str("\n\n");
        self.out.push_str(&one_line(table));
        self.out.push_str("\n\n");
        self.at += table.len();
        true
    }

    /// Writes what remains of a tag: a line break, the text of its attributes, the text boundary of a block.
    fn replace(&mut self, tag: &Tag<'m>) {
        if tag.closing {
            self.frames.close(tag.name);
            if matches!(tag.name, "ol" | "ul") {
                self.lists.close();
            }
        } else if let Some(raw) = tag.raw_text_name() {
            let close = format!("</{raw}");
            let skipped = if self.may_search() {
                self.rest().find(&close)
            } else {
                None
            };
            self.wasted += if skipped.is_none() { self.rest().len() } else { 0 };
            self.at += skipped.unwrap_or(0);
            return;
        } else if !tag.is_void() {
            self.frames.open(tag.name, self.column);
            match tag.name {
                "ol" => self
                    .lists
                    .open(tag.attribute("start").map_or(Some(1), |start| start.parse().ok())),
                "ul" => self.lists.open(None),
                _ => {}
            }
        }
        let at_line_start = self.at_line_start();
        let text = tag.human_text();
        if text.is_empty()
            && let Some(written) = self.markup(tag, at_line_start)
        {
            self.out.push_str(&written);
        } else if self.is_row && (tag.is_line_break() || tag.is_block()) {
            // The Markdown reader knows what becomes of it within a cell.
            let slash = if tag.closing { "/" } else { "" };
            self.out.push_str(&format!("<{slash}{}>", tag.name));
        } else if tag.is_line_break() {
            self.out.push_str("  \n");
        } else if !text.is_empty() && at_line_start && !tag.name.eq_ignore_ascii_case("img") {
            let indent = " ".repeat(self.column);
            self.out.push_str(&format!("\n\n{indent}{text}\n\n{indent}"));
        } else if !text.is_empty() {
            self.out.push_str(&tag.text_within_line(self.rest().starts_with("</")));
        } else {
            self.boundary(tag);
        }
    }

    /// What Markdown has for the tag of a link, a superscript or a heading.
    fn markup(&mut self, tag: &Tag<'m>, at_line_start: bool) -> Option<String> {
        // A tag that begins its line would begin a block of HTML.
        if tag.name == "sup" && !at_line_start {
            let slash = if tag.closing { "/" } else { "" };
            return Some(format!("<{slash}sup>"));
        }
        if tag.closing {
            self.link.take_if(|open| *open == tag.name)?;
            return Some("</a>".to_owned());
        }
        // Further in, the line may be taken for code.
        if at_line_start && self.column > 3 || tag.is_void() {
            return None;
        }
        if self.link.is_none()
            && let Some(link) = markup::link(tag, self.rest())
        {
            self.link = Some(tag.name);
            return Some(link);
        }
        let marks = markup::heading(tag, self.rest()).filter(|_| at_line_start && !self.is_row)?;
        Some(format!("\n\n{}{marks}", " ".repeat(self.column)))
    }

    fn at_line_start(&mut self) -> bool {
        let new = self.out.get(self.looked_at..).unwrap_or_default();
        let (is_blank, line) = match new.rsplit_once('\n') {
            Some((_, line)) => (true, line),
            None => (self.is_blank, new),
        };
        self.is_blank = is_blank && line.trim().is_empty();
        self.looked_at = self.out.len();
        self.is_blank
    }

    /// Keeps apart what block elements of HTML keep apart.
    fn boundary(&mut self, tag: &Tag<'_>) {
        let indent = " ".repeat(self.column);
        match (tag.name, tag.closing) {
            ("li", false) => {
                let marker = self.lists.marker();
                self.out.push_str(&format!("\n\n{indent}{marker}"));
            }
            ("td" | "th", true) => self.out.push_str(" | "),
            ("li" | "td" | "th", _) => {}
            _ if tag.is_block() => self.out.push_str(&format!("\n\n{indent}")),
            _ => {}
        }
    }

    fn expression(&mut self) {
        let rest = self.rest();
        let len = if self.may_search() { expression::len(rest) } else { None };
        let Some(len) = len else {
            self.wasted += rest.len().min(MAX_TAG_BYTES);
            self.copy(1);
            return;
        };
        let expression = rest.get(..len).unwrap_or_default();
        if let Some(markup) = expression::conditional(expression) {
            self.wasted += len;
            self.tails.push(self.at + markup.end..self.at + len);
            self.at += markup.start;
            return;
        }
        if let Some(text) = expression::literal(expression) {
            self.out.push_str(&text);
        }
        self.at += len;
    }
}

/// `--- | :-:`, which makes the line above it the header of a table.
fn is_below_header(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['>', ' ']);
    line.contains('|') && line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}
