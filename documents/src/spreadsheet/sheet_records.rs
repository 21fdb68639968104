//! Records of the binary variant of Office Open XML ([MS-XLSB] 2.1.4), as far as they say what is hidden.

use super::hidden::Hidden;

const ROW: u32 = 0;
const COLUMNS: u32 = 60;
const SHEET: u32 = 156;
const FILTER_COLUMN: u32 = 163;
const TABLES: u32 = 660;
/// No more is kept of a record: an id and a name are shorter.
const MAX_RECORD_BYTES: usize = 512;
const MAX_LINE: u32 = 1_048_576;

/// What a record says.
pub(super) enum Said {
    HiddenRow(u32),
    /// First and last.
    HiddenColumns(u32, u32),
    /// Its relationship and its name.
    Sheet(String, String),
    Filter,
    Tables,
}

impl Said {
    fn by(kind: u32, content: &[u8]) -> Option<Said> {
        match kind {
            ROW => {
                let flags = *content.get(11)?;
                // Not of a group, whose level is in the lowest three bits.
                (flags & 0x17 == 0x10).then_some(Said::HiddenRow(number(content, 0)?))
            }
            COLUMNS => {
                let (flags, level) = (*content.get(16)?, *content.get(17)?);
                let columns = Said::HiddenColumns(number(content, 0)?, number(content, 4)?);
                (flags & 1 == 1 && level & 7 == 0).then_some(columns)
            }
            SHEET => {
                let (id, end) = text(content, 8)?;
                Some(Said::Sheet(id, text(content, end)?.0))
            }
            FILTER_COLUMN => Some(Said::Filter),
            TABLES => Some(Said::Tables),
            _ => None,
        }
    }
}

impl Hidden {
    pub(super) fn hide_row(&mut self, row: u32) {
        if row < MAX_LINE {
            self.rows.hide(row, row);
        }
    }

    pub(super) fn hide_columns(&mut self, first: u32, last: u32) {
        if first.max(last) < MAX_LINE {
            self.columns.hide(first, last);
        }
    }
}

fn number(content: &[u8], at: usize) -> Option<u32> {
    let bytes = content.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// A text after its length, and where it ends.
fn text(content: &[u8], at: usize) -> Option<(String, usize)> {
    let units = usize::try_from(number(content, at)?).ok()?;
    let end = units.checked_mul(2)?.checked_add(at + 4)?;
    let bytes = content.get(at + 4..end)?;
    let units: Vec<u16> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .collect();
    Some((String::from_utf16_lossy(&units), end))
}

/// Records of a part that comes in pieces.
#[derive(Default)]
pub(super) struct OpenRecord {
    part: String,
    /// The head of a record and what there is of its content.
    bytes: Vec<u8>,
    /// So much of what follows is not looked at.
    skipped: usize,
}

impl OpenRecord {
    /// Forgets what the part before left open.
    pub(super) fn begin(&mut self, part: &str) {
        if self.part != part {
            part.clone_into(&mut self.part);
            self.bytes.clear();
            self.skipped = 0;
        }
    }

    pub(super) fn read(&mut self, piece: &[u8], mut said: impl FnMut(Said)) {
        let mut rest = piece;
        while !rest.is_empty() {
            let skipped = self.skipped.min(rest.len());
            self.skipped -= skipped;
            let Some((byte, after)) = rest.get(skipped..).and_then(<[u8]>::split_first) else {
                return;
            };
            rest = after;
            self.bytes.push(*byte);
            let Some((kind, length, head)) = head(&self.bytes) else {
                continue;
            };
            let is_looked_at = matches!(kind, ROW | COLUMNS | SHEET | FILTER_COLUMN | TABLES);
            let kept = if is_looked_at { length.min(MAX_RECORD_BYTES) } else { 0 };
            if self.bytes.len() < head + kept {
                continue;
            }
            if let Some(it) = self.bytes.get(head..).and_then(|content| Said::by(kind, content)) {
                said(it);
            }
            self.skipped = length - kept;
            self.bytes.clear();
        }
    }
}

/// The kind of a record, the length of its content, and that of what says so.
fn head(bytes: &[u8]) -> Option<(u32, usize, usize)> {
    let (kind, at) = in_sevens(bytes, 0, 2)?;
    let (length, at) = in_sevens(bytes, at, 4)?;
    Some((kind, usize::try_from(length).ok()?, at))
}

/// A number of at most `most` bytes, seven bits in each, the lowest first; and where it ends.
fn in_sevens(bytes: &[u8], from: usize, most: usize) -> Option<(u32, usize)> {
    let mut number = 0;
    for (index, at) in (from..from + most).enumerate() {
        let byte = *bytes.get(at)?;
        number |= u32::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 || index + 1 == most {
            return Some((number, at + 1));
        }
    }
    None
}
