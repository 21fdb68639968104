use std::collections::HashMap;

use super::hidden::Hidden;
use super::sheet_records::{OpenRecord, Said};
use crate::package::{Package, Relationships, attribute, child_named, find};

/// A tag of a row or a column is shorter.
const MAX_TAG_BYTES: usize = 1_024;
const MAX_LINE: u32 = 1_048_576;
/// The library that reads binary workbooks looks nowhere else.
const BINARY_WORKBOOK: &str = "xl/workbook.bin";
const MAX_SHEETS: usize = 10_000;

/// What the library that reads workbooks does not tell: the rows and columns that sheets hide, read from their parts (ECMA-376 part 1 §18.3.1)
/// while these are unpacked piece by piece.
#[derive(Default)]
pub(super) struct SheetParts {
    sheets: HashMap<String, SheetPart>,
    /// A table somewhere in the workbook leaves out rows by a filter.
    a_table_is_filtered: bool,
    tag: OpenTag,
    record: OpenRecord,
    /// Of a binary workbook: the relationship of each sheet, and its name.
    named: Vec<(String, String)>,
}

pub(super) struct OfSheet {
    pub(super) part: String,
    pub(super) hidden: Hidden,
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
        let is_sheet = part.contains("/worksheets/");
        let is_table = part.contains("/tables/");
        if part.ends_with(".bin") && (is_sheet || is_table || part == BINARY_WORKBOOK) {
            self.take_records(part, is_sheet, piece);
            return;
        }
        if !part.ends_with(".xml") || !is_sheet && !is_table {
            return;
        }
        let Self {
            sheets,
            a_table_is_filtered,
            tag,
            ..
        } = self;
        tag.begin(part);
        if is_table {
            tag.read(piece, |tag| *a_table_is_filtered |= name(tag) == "filterColumn");
            return;
        }
        let sheet = sheets.entry(part.to_owned()).or_default();
        tag.read(piece, |tag| sheet.tag(tag));
    }

    fn take_records(&mut self, part: &str, is_sheet: bool, piece: &[u8]) {
        let Self {
            sheets,
            a_table_is_filtered,
            record,
            named,
            ..
        } = self;
        record.begin(part);
        if is_sheet {
            let sheet = sheets.entry(part.to_owned()).or_default();
            record.read(piece, |said| sheet.record(&said));
            return;
        }
        record.read(piece, |said| match said {
            Said::Sheet(id, name) if part == BINARY_WORKBOOK && named.len() < MAX_SHEETS => named.push((id, name)),
            Said::Filter => *a_table_is_filtered = true,
            _ => {}
        });
    }

    /// The part of each sheet of a binary workbook and what is hidden in it, by its name.
    pub(super) fn by_binary_sheet(mut self, package: &mut Package<'_>) -> HashMap<String, OfSheet> {
        let mut by_sheet = HashMap::new();
        let Ok(relationships) = Relationships::of(package, BINARY_WORKBOOK) else {
            return by_sheet;
        };
        for (id, name) in std::mem::take(&mut self.named) {
            let of_sheet = relationships.part(&id).and_then(|part| self.of_sheet(part));
            by_sheet.extend(of_sheet.map(|of_sheet| (name, of_sheet)));
        }
        by_sheet
    }

    fn of_sheet(&mut self, part: &str) -> Option<OfSheet> {
        let mut read = self.sheets.remove(&part.to_ascii_lowercase())?;
        if read.is_filtered || (read.has_tables && self.a_table_is_filtered) {
            read.hidden.rows.show_all();
        }
        Some(OfSheet {
            part: part.to_owned(),
            hidden: read.hidden,
        })
    }

    /// The part of each sheet and what is hidden in it, by its name.
    pub(super) fn by_sheet(mut self, package: &mut Package<'_>, workbook: &str) -> HashMap<String, OfSheet> {
        let mut by_sheet = HashMap::new();
        let Ok(relationships) = Relationships::of(package, workbook) else {
            return by_sheet;
        };
        let Ok(Some(part)) = package.part(workbook) else {
            return by_sheet;
        };
        let Ok(tree) = part.tree() else { return by_sheet };
        for sheet in find(tree.root_element(), &["sheets"])
            .into_iter()
            .flat_map(|sheets| child_named(sheets, "sheet"))
        {
            let part = attribute(sheet, "id").and_then(|id| relationships.part(id));
            let of_sheet = part.and_then(|part| self.of_sheet(part));
            if let (Some(name), Some(of_sheet)) = (attribute(sheet, "name"), of_sheet) {
                by_sheet.insert(name.to_owned(), of_sheet);
            }
        }
        by_sheet
    }
}

impl SheetPart {
    fn record(&mut self, said: &Said) {
        match said {
            Said::HiddenRow(row) => self.hidden.hide_row(*row),
            Said::HiddenColumns(first, last) => self.hidden.hide_columns(*first, *last),
            Said::Filter => self.is_filtered = true,
            Said::Tables => self.has_tables = true,
            Said::Sheet(..) => {}
        }
    }

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
