use super::table::{Budget, Row, Table};
use crate::code::push_code;
use crate::docx::Role;
use crate::outline::{Outline, title};
use crate::whitespace::{one_line, tidy_lines};
use crate::{Block, BlockKind, ParseError, superscript};

/// Each table within a cell has its text copied once more; cells of tables nested deeper are read as paragraphs.
const MAX_NESTED: usize = 5;
const MAX_MARKER_BYTES: usize = 40;

/// A text that is read by itself: the document's, a note's, that of a text box.
#[derive(Default)]
pub(super) struct Story {
    outline: Outline,
    /// Open tables, the outermost first.
    tables: Vec<Table>,
    /// Of the paragraph being read.
    pub(super) text: String,
    /// Where the raised text being read begins.
    raised: Option<usize>,
    /// Something of the paragraph is not bold.
    has_plain: bool,
    /// What stands before the item being read.
    marker: Option<String>,
    /// Lines of the listing being read.
    code: String,
    /// What is read behind the paragraph being read.
    notes: Vec<String>,
    boxes: Vec<Vec<Block>>,
    /// Notes that wait for the end of the table that they are referred to in.
    waiting: Vec<String>,
    /// A note has no headings.
    is_note: bool,
    /// The first paragraph in the style of a title.
    pub(super) title: Option<String>,
    /// How many have ended.
    pub(super) paragraphs: usize,
}

/// What is known of a paragraph when it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paragraph {
    pub(super) role: Role,
    /// Of the list it is in.
    pub(super) depth: usize,
    /// Its first line begins left of the others, as an item's does: how deep it is then.
    pub(super) hangs: Option<usize>,
    /// How many tables it is in.
    pub(super) nesting: usize,
}

impl Story {
    pub(super) fn of_note() -> Story {
        Story {
            is_note: true,
            ..Story::default()
        }
    }

    pub(super) fn push(&mut self, text: &str, raised: bool, bold: bool) {
        self.raise(raised);
        let is_kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        self.text.extend(text.chars().filter(is_kept));
        self.has_plain |= !bold && text.contains(|c: char| !c.is_whitespace());
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

    /// The text before the item, which programs write for those that do not count themselves.
    pub(super) fn push_marker(&mut self, text: &str) {
        let marker = self.marker.get_or_insert_default();
        if marker.len() < MAX_MARKER_BYTES {
            marker.push_str(text);
        }
    }

    pub(super) fn add_note(&mut self, blocks: &[Block]) {
        let lines: Vec<String> = blocks.iter().map(|block| one_line(&block.text)).collect();
        self.notes.push(lines.join("\n"));
    }

    pub(super) fn add_box(&mut self, blocks: Vec<Block>) {
        self.boxes.push(blocks);
    }

    pub(super) fn end_paragraph(&mut self, paragraph: Paragraph, budget: &mut Budget) -> Result<(), ParseError> {
        self.raise(false);
        self.paragraphs += 1;
        self.enter(paragraph.nesting, budget)?;
        if paragraph.role != Role::Code {
            self.end_code();
        }
        let text = std::mem::take(&mut self.text);
        let mut paragraph = paragraph;
        let mut marker = self.marker.take();
        let mut text = text.as_str();
        // What stands before an item may be typed.
        if let (None, Some(depth)) = (&marker, paragraph.hangs)
            && let Some((typed, item)) = text.split_once('\t').filter(|(typed, _)| is_typed_marker(typed.trim()))
        {
            (marker, paragraph.depth, text) = (Some(typed.to_owned()), depth, item);
        }
        let has_plain = std::mem::take(&mut self.has_plain);
        if let Some(table) = self.tables.last_mut() {
            table.is_bold &= !has_plain;
        }
        self.put_out(paragraph, marker.as_deref().map_or("", str::trim), text);
        for blocks in std::mem::take(&mut self.boxes) {
            self.end_code();
            self.target().append(blocks);
        }
        self.waiting.append(&mut self.notes);
        self.put_out_notes();
        Ok(())
    }

    fn put_out(&mut self, paragraph: Paragraph, marker: &str, text: &str) {
        let has_headings = !self.is_note && self.tables.is_empty();
        let (is_number, is_bullet) = (is_number(marker), !marker.is_empty() && !is_number(marker));
        let numbered = |text: &str| match is_number && !text.trim().is_empty() {
            true => format!("{marker} {text}"),
            false => text.to_owned(),
        };
        match paragraph.role {
            Role::Contents => {}
            Role::Title if has_headings => {
                self.title = self.title.take().or_else(|| title(text));
                self.outline.heading(0, text);
            }
            Role::Heading(level) if has_headings => self.outline.heading(level, &numbered(text)),
            Role::Code => {
                self.code.push_str(text);
                self.code.push('\n');
            }
            Role::Quote => self.target().push(BlockKind::Quote, tidy_lines(text)),
            Role::Body | Role::Title | Role::Heading(_) => match (is_number, is_bullet) {
                (true, _) => self.target().list_item(paragraph.depth, &format!("{marker} "), text),
                (_, true) => self.target().list_item(paragraph.depth, "- ", text),
                _ => self.target().paragraph(text),
            },
        }
    }

    /// What is read from here on is in so many tables.
    fn enter(&mut self, nesting: usize, budget: &mut Budget) -> Result<(), ParseError> {
        let nesting = nesting.min(MAX_NESTED);
        if self.tables.len() != nesting {
            self.end_code();
        }
        while self.tables.len() > nesting
            && let Some(table) = self.tables.pop()
        {
            table.finish(self.target(), budget)?;
        }
        self.tables.resize_with(nesting, Table::default);
        self.put_out_notes();
        Ok(())
    }

    /// Ends the cell of a table this deep, whose last paragraph has ended.
    pub(super) fn end_cell(&mut self, nesting: usize, budget: &mut Budget) -> Result<(), ParseError> {
        self.enter(nesting, budget)?;
        self.end_code();
        // A table nested too deep has no cells of its own.
        match self.tables.last_mut().filter(|_| nesting <= MAX_NESTED) {
            Some(table) => table.end_cell(budget),
            None => Ok(()),
        }
    }

    pub(super) fn end_row(&mut self, nesting: usize, row: &Row, budget: &mut Budget) -> Result<(), ParseError> {
        if self.tables.len() < nesting || nesting > MAX_NESTED {
            return Ok(());
        }
        self.enter(nesting, budget)?;
        if let Some(table) = self.tables.last_mut() {
            table.end_row(row, budget)?;
        }
        Ok(())
    }

    /// The outline of what is being read: of the innermost cell, or of all.
    fn target(&mut self) -> &mut Outline {
        match self.tables.last_mut() {
            Some(table) => &mut table.outline,
            None => &mut self.outline,
        }
    }

    fn end_code(&mut self) {
        let code = std::mem::take(&mut self.code);
        push_code(&code, "", self.target());
    }

    fn put_out_notes(&mut self) {
        if self.tables.is_empty() && !self.waiting.is_empty() {
            self.end_code();
            for note in std::mem::take(&mut self.waiting) {
                self.outline.paragraph(&note);
            }
        }
    }

    /// Whether a paragraph was begun and has not ended.
    pub(super) fn is_within_paragraph(&self) -> bool {
        !self.text.trim().is_empty() || !self.boxes.is_empty()
    }

    /// Its outline, with all in it.
    pub(super) fn finish(mut self, budget: &mut Budget) -> Result<Outline, ParseError> {
        self.waiting.append(&mut self.notes);
        self.enter(0, budget)?;
        self.end_code();
        Ok(self.outline)
    }
}

/// Whether what stands before an item counts; a letter o is Word's second bullet.
fn is_number(marker: &str) -> bool {
    marker != "o" && marker.contains(char::is_alphanumeric)
}

/// `•`, `–`, `3.`, `(b)`
fn is_typed_marker(text: &str) -> bool {
    let ends = text.ends_with(['.', ')']) && text.len() <= 6 && !text.contains(char::is_whitespace);
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(sign), None) => !sign.is_alphanumeric(),
        _ => ends && is_number(text),
    }
}
