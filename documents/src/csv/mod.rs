mod delimiter;
mod preamble;

use csv::ReaderBuilder;

use crate::outline::Outline;
use crate::parse::decode;
use crate::table::{Cell, Header, push_table};
use crate::{ParseError, ParsedDocument};
use preamble::Row;

const FORMAT: &str = "CSV file";
/// Lines of more cells are no table.
const MAX_COLUMNS: usize = 16_384;
/// Of all lines, empty ones too.
const MAX_CELLS: usize = 8_000_000;

/// Reads delimited text, which is UTF-8 by the time it comes here.
pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    read(&decode(bytes)?)
}

/// One table, and what stands above it; the delimiter is found out, quotes may hold line ends (RFC 4180), and lines may be of any length.
fn read(text: &str) -> Result<ParsedDocument, ParseError> {
    let (delimiter, text) = delimiter::find(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows: Vec<Row> = Vec::new();
    let (mut cells, mut longest) = (0, 0);
    for record in reader.records() {
        let record = record.map_err(|error| crate::package::damaged(FORMAT, &error.to_string()))?;
        cells += record.len();
        longest = longest.max(record.len());
        if longest > MAX_COLUMNS || cells > MAX_CELLS {
            return Err(ParseError::TooLarge {
                format: FORMAT,
                what: "the number of its cells".to_owned(),
                limit: "16,384 a line and 8,000,000 in all",
            });
        }
        rows.push(Row {
            cells: record.iter().map(|cell| Cell::from(cell.to_owned())).collect(),
            after_blank: record.position().is_some_and(|at| is_after_blank(text, at.byte())),
        });
    }
    let mut outline = Outline::default();
    let table = preamble::split_off(rows, &mut outline);
    push_table(table, Header::Guess, &mut outline);
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        blocks,
        ..ParsedDocument::default()
    })
}

/// Whether a blank line stands before the record read from this byte on; the reader passes over them.
fn is_after_blank(text: &str, byte: u64) -> bool {
    let split = usize::try_from(byte).ok().and_then(|byte| text.split_at_checked(byte));
    let Some((before, from)) = split else { return false };
    // A line that ends in CR LF ends for the reader at the CR.
    let from = from
        .strip_prefix('\n')
        .filter(|_| before.ends_with('\r'))
        .unwrap_or(from);
    from.starts_with(['\r', '\n'])
}

#[cfg(test)]
mod tests;
