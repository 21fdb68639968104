use std::collections::HashMap;

use super::hidden::Hidden;
use crate::package::{Package, Relationships, attribute, child_named, find};

/// A tag of a row or a column is shorter.
const MAX_TAG_BYTES: usize = 1_024;
const MAX_LINE: u32 = 1_048_576;

/// What the library that reads workbooks does not tell: the rows and columns that sheets hide, read from their parts (ECMA-376 part 1 §18.3.1)
/// while these are unpacked piece by piece.
#[derive(Default)]
pub(super) struct SheetParts {
    sheets: HashMap<String, SheetPart>,
    /// A table somewhere in the workbook leaves out rows by a filter.
    a_table_is_filtered: bool,
    tag: OpenTag,
}

#[derive(Default)]
struct SheetPart {
    hidden: Hidden,
    /// The number of the last row, from 1.
    row: u32,
    /// Rows are left out by a filter, and look as if they were hidden.
    is_filtered: bool,
    has_tables: bool,
}

impl SheetParts {
    /// Takes the next piece of a part, named in lower case.
    pub(super) fn take(&mut self, part: &str, piece: &[u8]) {
        let is_sheet = part.contains("/worksheets/") && part.ends_with(".xml");
        let is_table = part.contains("/tables/") && part.ends_with(".xml");
        if !is_sheet && !is_table {
            return;
        }
        let Self {
            sheets,
            a_table_is_filtered,
            tag,
        } = self;
        tag.begin(part);
        if is_table {
            tag.read(piece, |tag| *a_table_is_filtered |= name(tag) == "filterColumn");
            return;
        }
        let sheet = sheets.entry(part.to_owned()).or_default();
        tag.read(piece, |tag| sheet.tag(tag));
    }

    /// What is hidden in each sheet, by its name.
    pub(super) fn hidden(mut self, package: &mut Package<'_>, workbook: &str) -> HashMap<String, Hidden> {
        let mut hidden = HashMap::new();
        let Ok(relationships) = Relationships::of(package, workbook) else {
            return hidden;
        };
        let Ok(Some(part)) = package.part(workbook) else {
            return hidden;
        };
        let Ok(tree) = part.tree() else { return hidden };
        for sheet in find(tree.root_element(), &["sheets"])
            .into_iter()
            .flat_map(|sheets| child_named(sheets, "sheet"))
        {
            let part = attribute(sheet, "id").and_then(|id| relationships.part(id));
            let part = part.and_then(|part| self.sheets.remove(&part.to_ascii_lowercase()));
            if let (Some(name), Some(mut part)) = (attribute(sheet, "name"), part) {
                if part.is_filtered || (part.has_tables && self.a_table_is_filtered) {
                    part.hidden.rows.show_all();
                }
                hidden.insert(name.to_owned(), part.hidden);
            }
        }
        hidden
    }
}

impl SheetPart {
    fn tag(&mut self, tag: &str) {
        match name(tag) {
            "row" => {
                let number = value(tag, "r").and_then(|row| row.parse().ok());
                self.row = number.unwrap_or(self.row.saturating_add(1));
                if (1..=MAX_LINE).contains(&self.row) && is_hidden(tag) {
                    self.hidden.rows.hide(self.row - 1, self.row - 1);
                }
            }
            "col" if is_hidden(tag) => {
                let number = |name| value(tag, name).and_then(|column| column.parse::<u32>().ok());
                if let (Some(first @ 1..=MAX_LINE), Some(last @ 1..=MAX_LINE)) = (number("min"), number("max")) {
                    self.hidden.columns.hide(first - 1, last - 1);
                }
            }
            "sheetPr" => self.is_filtered |= is_true(value(tag, "filterMode")),
            "filterColumn" => self.is_filtered = true,
            "tablePart" => self.has_tables = true,
            _ => {}
        }
    }
}

/// What a group folds away is shown by a click.
fn is_hidden(tag: &str) -> bool {
    let is_in_group = value(tag, "outlineLevel").is_some_and(|level| level != "0");
    is_true(value(tag, "hidden")) && !is_in_group
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "true"))
}

/// The name of an element, without its prefix.
fn name(tag: &str) -> &str {
    let name = tag
        .split(|c: char| c.is_whitespace() || c == '/')
        .next()
        .unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

fn value<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.match_indices(name).find_map(|(at, _)| {
        let before = tag.get(..at)?;
        let value = tag.get(at + name.len()..)?.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let value = value.get(1..)?.split(quote).next()?;
        before.ends_with(char::is_whitespace).then_some(value)
    })
}

/// Tags of a part that comes in pieces.
#[derive(Default)]
struct OpenTag {
    part: String,
    /// What there is of a tag after its `<`.
    tag: Option<Vec<u8>>,
}

impl OpenTag {
    /// Forgets what the part before left open.
    fn begin(&mut self, part: &str) {
        if self.part != part {
            part.clone_into(&mut self.part);
            self.tag = None;
        }
    }

    fn read(&mut self, piece: &[u8], mut tag: impl FnMut(&str)) {
        let mut rest = piece;
        loop {
            let sign = if self.tag.is_some() { b'>' } else { b'<' };
            let at = memchr::memchr(sign, rest);
            let (before, after) = rest.split_at(at.unwrap_or(rest.len()));
            if let Some(open) = &mut self.tag
                && open.len() + before.len() <= MAX_TAG_BYTES
            {
                open.extend_from_slice(before);
            }
            let Some(after) = after.get(1..) else { return };
            rest = after;
            match self.tag.take() {
                Some(open) => tag(std::str::from_utf8(&open).unwrap_or_default()),
                None => self.tag = Some(Vec::new()),
            }
        }
    }
}
