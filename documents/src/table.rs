use crate::code::fences;
use crate::outline::Outline;
use crate::whitespace::one_line;
use crate::{Block, BlockKind, table_header};

/// Longer text of a merged cell is not repeated in the rows it covers: repetition must not multiply a document.
pub(crate) const MAX_REPEATED_BYTES: usize = 200;
/// Shorter tables without a header need no line that could stand above each of their pieces.
const MAX_ROWS_WITHOUT_HEADER: usize = 20;
const SAMPLE_ROWS: usize = 20;
/// A column alone of so few rows, or of few rows with one so long, is text.
const MAX_LINES: usize = 3;
const MAX_LONG_LINES: usize = 20;
const LONG_LINE_BYTES: usize = 60;

/// One cell of a table that has as many in each row as there are columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// Repeats the cell to the left, which covers several columns.
    pub(crate) across: bool,
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, across: false }
    }
}

impl Cell {
    /// What stands in the further columns of a cell that covers several.
    pub(crate) fn covered(text: &str) -> Cell {
        let repeats = text.len() <= MAX_REPEATED_BYTES;
        Cell {
            text: if repeats { text.to_owned() } else { String::new() },
            across: true,
        }
    }
}

/// The blocks within a cell as its text: what would end the cell or its row becomes a comma or a semicolon, and so does what begins an item.
pub(crate) fn cell_text(blocks: &[Block]) -> String {
    let mut text = String::new();
    let mut after_item = false;
    for block in blocks {
        let is_item = block.kind == BlockKind::ListItem;
        let code = fences(&block.text).filter(|_| block.kind == BlockKind::Code);
        let line = code.map_or(block.text.trim_start(), |(_, code, _)| code);
        let line = line.strip_prefix("- ").filter(|_| is_item).unwrap_or(line);
        if !text.is_empty() {
            text.push_str(if is_item && after_item { "; " } else { " " });
        }
        text.push_str(&line.replace(" | ", ", ").replace('\n', "; "));
        after_item = is_item;
    }
    text
}

/// What the first row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    First,
    /// So many rows are the header.
    Rows(usize),
    /// A header, unless it looks like the rows under it.
    Guess,
}

/// Appends a table. Several header rows become one. Empty rows and columns go; a first row that is one cell across all columns is a paragraph above it, and so
/// is a table of a single cell. A row that is one cell across gives it once.
pub(crate) fn push_table(mut rows: Vec<Vec<Cell>>, header: Header, outline: &mut Outline) {
    for cell in rows.iter_mut().flatten() {
        cell.text = one_line(&cell.text).replace(" | ", ", ");
    }
    let is_filled = |row: &Vec<Cell>| row.iter().any(|cell| !cell.text.is_empty());
    let header = match header {
        Header::Rows(count) => Header::Rows(rows.iter().take(count).filter(|row| is_filled(row)).count()),
        header => header,
    };
    rows.retain(is_filled);
    drop_empty_columns(&mut rows);
    let captions = rows.iter().take_while(|row| is_caption(row)).count();
    if captions < rows.len() {
        for caption in rows.drain(..captions) {
            outline.paragraph(caption.first().map_or("", |cell| &cell.text));
        }
    }
    if is_text(&rows) {
        let lines: Vec<&str> = rows.iter().flatten().map(|cell| cell.text.as_str()).collect();
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        outline.paragraph(&lines.join("\n"));
        return;
    }
    let levels = match header {
        Header::Rows(count) => count.saturating_sub(captions),
        Header::First | Header::Guess => table_header::levels(&rows),
    };
    table_header::join_levels(&mut rows, levels);
    let mut text = String::new();
    if header == Header::Guess && rows.len() > MAX_ROWS_WITHOUT_HEADER && !starts_with_header(&rows) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let names: Vec<String> = (1..=columns).map(|column| format!("Column {column}")).collect();
        text = names.join(" | ") + "\n";
    }
    for row in rows {
        text.push_str(&line(&row));
        text.push('\n');
    }
    outline.push(BlockKind::Table, text.trim_end_matches('\n').to_owned());
}

fn line(row: &[Cell]) -> String {
    let own: Vec<&Cell> = row.iter().filter(|cell| !cell.across).collect();
    match own.as_slice() {
        [only] if row.len() > 1 => only.text.clone(),
        _ => row
            .iter()
            .map(|cell| cell.text.as_str())
            .collect::<Vec<_>>()
            .join(" | "),
    }
}

/// A single cell, or one column that is no list of values.
fn is_text(rows: &[Vec<Cell>]) -> bool {
    let own = |row: &Vec<Cell>| row.iter().filter(|cell| !cell.across && !cell.text.is_empty()).count();
    let one_column = rows
        .iter()
        .all(|row| row.iter().filter(|cell| !cell.across).count() == 1);
    let is_long = |cell: &Cell| cell.text.len() > LONG_LINE_BYTES;
    match rows {
        [row] => own(row) == 1,
        _ if one_column => {
            rows.len() <= MAX_LINES || (rows.len() <= MAX_LONG_LINES && rows.iter().flatten().any(is_long))
        }
        _ => false,
    }
}

/// One cell at the left and nothing beside it. In a table of two columns that may as well be a key without a value, unless
/// the cell covers both.
fn is_caption(row: &[Cell]) -> bool {
    let Some((first, others)) = row.split_first() else {
        return false;
    };
    let alone = !first.text.is_empty() && others.iter().all(|cell| cell.across || cell.text.is_empty());
    alone && (others.len() > 1 || others.iter().any(|cell| cell.across))
}

fn drop_empty_columns(rows: &mut [Vec<Cell>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut used = vec![false; columns];
    for row in rows.iter() {
        for (used, cell) in used.iter_mut().zip(row) {
            *used |= !cell.across && !cell.text.is_empty();
        }
    }
    if used.iter().all(|used| *used) {
        return;
    }
    for row in rows.iter_mut() {
        let mut used = used.iter();
        row.retain(|_| used.next().is_none_or(|used| *used));
    }
}

/// No cell of the first row is a number or a date above others of its kind. Years count as names.
fn starts_with_header(rows: &[Vec<Cell>]) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return true;
    };
    !first.iter().enumerate().any(|(column, cell)| {
        let below = || rest.iter().take(SAMPLE_ROWS).filter_map(|row| row.get(column));
        let like = below().filter(|cell| is_value(&cell.text)).count();
        is_value(&cell.text) && !is_year(&cell.text) && like * 2 > below().count()
    })
}

/// A number, an amount or a date.
pub(crate) fn is_value(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| {
            c.is_ascii_digit()
                || matches!(
                    c,
                    '.' | ',' | '-' | '+' | '%' | ':' | '/' | ' ' | '$' | '€' | '£' | 'T' | 'Z'
                )
        })
}

pub(crate) fn is_year(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|year| (1900..2100).contains(&year))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{Cell, Header, push_table};
    use crate::outline::Outline;

    fn pushed(rows: &[&[&str]], header: Header) -> Vec<String> {
        let mut outline = Outline::default();
        let cell = |text: &&str| match text.strip_prefix('<') {
            Some(text) => Cell::covered(text),
            None => Cell::from((*text).to_owned()),
        };
        let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        push_table(rows, header, &mut outline);
        outline
            .finish()
            .unwrap()
            .1
            .into_iter()
            .map(|block| block.text)
            .collect()
    }

    #[test]
    fn a_cell_across_the_table_is_a_caption_above_it_and_given_once_within() {
        let rows: [&[&str]; 4] = [
            &["Prices", "<Prices"],
            &["Plan", "Euro"],
            &["Europe", "<Europe"],
            &["Pro", "9"],
        ];
        assert_eq!(pushed(&rows, Header::First), ["Prices", "Plan | Euro\nEurope\nPro | 9"]);
    }

    #[test]
    fn header_rows_become_one_whose_names_begin_with_those_of_their_groups() {
        let rows: [&[&str]; 4] = [
            &["Prices", "<Prices", "<Prices", "<Prices"],
            &["Plan", "Euro", "<Euro", "Since"],
            &["Plan", "Month", "Year", ""],
            &["Pro", "9", "90", "2020"],
        ];
        let joined = [
            "Prices",
            "Plan | Euro > Month | Euro > Year | Since\nPro | 9 | 90 | 2020",
        ];
        for header in [Header::Rows(3), Header::First, Header::Guess] {
            assert_eq!(pushed(&rows, header), joined, "{header:?}");
        }
        // All of it cannot be the header.
        assert!(!pushed(&rows, Header::Rows(4)).concat().contains(" > "));
        let years: [&[&str]; 3] = [
            &["", "Sales", "<Sales"],
            &["Region", "2024", "2025"],
            &["North", "12", "15"],
        ];
        assert_eq!(
            pushed(&years, Header::Guess),
            ["Region | Sales > 2024 | Sales > 2025\nNorth | 12 | 15"]
        );
    }

    #[test]
    fn a_row_of_names_under_a_title_with_a_unit_is_of_the_header() {
        let sales: [&[&str]; 4] = [
            &["In millions", "", "", "First half of 2023"],
            &["", "Sales", "Profit", "Growth"],
            &["North", "6082", "1202", "-101"],
            &["South", "2548", "422", "-4"],
        ];
        let groups: [&[&str]; 4] = [
            &["Sight", "People", "Results", ""],
            &["", "", "Accuracy", "Time"],
            &["Blind", "5", "34.5%, n=1", "1199 sec, n=1"],
            &["Low", "5", "98.3% n=2", "1716 sec, n=3"],
        ];
        for header in [Header::First, Header::Guess] {
            let expected = "In millions | Sales | Profit | First half of 2023 > Growth\nNorth | 6082 | 1202 | -101\nSouth | 2548 | 422 | -4";
            assert_eq!(pushed(&sales, header), [expected]);
            let expected = "Sight | People | Results > Accuracy | Time\nBlind | 5 | 34.5%, n=1 | 1199 sec, n=1\nLow | 5 | 98.3% n=2 | 1716 sec, n=3";
            assert_eq!(pushed(&groups, header), [expected]);
        }
        // A row of data is none, whatever it lacks.
        for second in [["Fruit", "", ""], ["Pro", "on request", "from 2020"], ["Pro", "", "8"]] {
            let rows: [&[&str]; 4] = [
                &["Item", "Price", ""],
                &second,
                &["Team", "9", "3"],
                &["All", "10", "4"],
            ];
            let found = pushed(&rows, Header::Guess).concat();
            assert!(found.starts_with("Item | Price | \n"), "{found}");
        }
    }

    #[test]
    fn a_row_of_data_under_merged_cells_is_no_second_header() {
        for rows in [
            [
                ["Plan", "Price", "<Price"],
                ["Pro", "monthly", "by card"],
                ["Team", "yearly", "by card"],
            ],
            [
                ["", "Contact", "<Contact"],
                ["Ann", "by mail", "by post"],
                ["Bob", "by mail", "by phone"],
            ],
            [["", "Sales", "<Sales"], ["North", "12", "15"], ["South", "11", "14"]],
            [
                ["Plan", "Price", "<Price"],
                ["Plan", "on request", "<on request"],
                ["Pro", "9", "90"],
            ],
        ] {
            let rows: Vec<&[&str]> = rows.iter().map(<[&str; 3]>::as_slice).collect();
            for header in [Header::First, Header::Guess] {
                let found = pushed(&rows, header).concat();
                assert!(!found.contains(" > "), "{found}");
            }
        }
    }

    #[test]
    fn empty_rows_and_columns_go() {
        let rows: [&[&str]; 3] = [&["a", "", "b"], &["", "", ""], &["1", "", ""]];
        assert_eq!(pushed(&rows, Header::First), ["a | b\n1 | "]);
        assert_eq!(pushed(&[&["", "alone"]], Header::First), ["alone"]);
    }

    #[test]
    fn a_long_table_whose_first_row_is_like_the_others_is_given_a_header() {
        let numbers: Vec<&[&str]> = vec![&["Ann", "12.5"]; 30];
        assert!(
            pushed(&numbers, Header::Guess)
                .first()
                .unwrap()
                .starts_with("Column 1 | Column 2\nAnn | 12.5\n")
        );
        let mut named = vec![["Name", "2024"].as_slice()];
        named.extend(&numbers);
        assert!(
            pushed(&named, Header::Guess)
                .first()
                .unwrap()
                .starts_with("Name | 2024\nAnn")
        );
    }
}
