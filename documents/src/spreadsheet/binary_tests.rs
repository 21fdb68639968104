//! What binary workbooks hide, from records written by hand.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, Write};

use super::tests::{compound, dimensions, number, parse, texts};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn row(row: u16, flags: u16) -> (u16, Vec<u8>) {
    let content = [
        row.to_le_bytes(),
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        flags.to_le_bytes(),
        [0, 0],
    ];
    (0x0208, content.concat())
}

fn columns(first: u16, last: u16, flags: u16) -> (u16, Vec<u8>) {
    let content = [
        first.to_le_bytes(),
        last.to_le_bytes(),
        [0, 0],
        [0, 0],
        flags.to_le_bytes(),
        [0, 0],
    ];
    (0x007D, content.concat())
}

/// Rows of 10, 11 … and 20, 21 … with these records before them.
fn old(before: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let cells = (0..3_u16)
        .flat_map(|row| (0..3_u16).map(move |column| number(row, column, f64::from(10 * (row + 1) + column))));
    let records: Vec<(u16, Vec<u8>)> = before.iter().cloned().chain([dimensions(3, 3)]).chain(cells).collect();
    compound(&records)
}

#[test]
fn rows_and_columns_that_a_workbook_of_before_2007_hides_are_not_read() {
    let shown = |before: &[(u16, Vec<u8>)]| texts(&parse(&old(before)).unwrap()).join("/");
    let all = "old: 10 | 11 | 12\n20 | 21 | 22\n30 | 31 | 32";
    assert_eq!(shown(&[row(0, 0x100), columns(0, 0, 2)]), all);
    assert_eq!(shown(&[row(1, 0x120), columns(0, 1, 1)]), "old: 12\n32");
    // By a group that is folded, or a filter.
    assert_eq!(shown(&[row(1, 0x121), columns(0, 0, 0x101)]), all);
    for filter in [0x009B, 0x009E, 0x087E] {
        assert_eq!(shown(&[row(1, 0x120), (filter, vec![0; 24])]), all);
    }
}

fn in_sevens(mut number: usize, bytes: &mut Vec<u8>) {
    while number > 0x7F {
        bytes.push(u8::try_from(number & 0x7F).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
}

fn record(kind: usize, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    in_sevens(kind, &mut bytes);
    in_sevens(content.len(), &mut bytes);
    bytes.extend(content);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [u32::try_from(text.len()).unwrap().to_le_bytes().to_vec(), units].concat()
}

/// The records of a sheet of 10, 11 … in three rows, of which the second has these flags, with `before` ahead of its rows and `after` behind them.
fn sheet(before: &[u8], second: [u8; 2], after: &[u8]) -> Vec<u8> {
    let mut sheet = [
        record(129, &[]),
        record(148, &[0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]),
    ]
    .concat();
    sheet.extend(before);
    sheet.extend(record(145, &[]));
    for row in 0..3_u32 {
        let flags = if row == 1 { second } else { [0, 0] };
        let head = [row.to_le_bytes().as_slice(), &[0; 4], &[0x2C, 1], &flags, &[0; 5]].concat();
        sheet.extend(record(0, &head));
        for column in 0..3_u32 {
            let value = f64::from(10 * (row + 1) + column);
            let cell = [column.to_le_bytes().as_slice(), &[0; 4], &value.to_le_bytes()].concat();
            sheet.extend(record(5, &cell));
        }
    }
    sheet.extend(record(146, &[]));
    sheet.extend(after);
    sheet.extend(record(130, &[]));
    sheet
}

fn binary(sheet: &[u8], table: &[u8]) -> Vec<u8> {
    let types = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let of = |entries: &[(&str, &str)]| {
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let entries: Vec<String> = entries
            .iter()
            .map(|(name, target)| format!(r#"<Relationship Id="r1" Type="{kind}/{name}" Target="{target}"/>"#))
            .collect();
        format!("<Relationships>{}</Relationships>", entries.concat())
    };
    let bundle = [vec![0, 0, 0, 0, 1, 0, 0, 0], wide("r1"), wide("Data")].concat();
    let workbook = [
        record(131, &[]),
        record(143, &[]),
        record(156, &bundle),
        record(144, &[]),
        record(132, &[]),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", of(&[("officeDocument", "xl/workbook.bin")]).as_bytes()),
        ("xl/workbook.bin", &workbook.concat()),
        (
            "xl/_rels/workbook.bin.rels",
            of(&[("worksheet", "worksheets/sheet1.bin")]).as_bytes(),
        ),
        ("xl/worksheets/sheet1.bin", sheet),
        ("xl/tables/table1.bin", table),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn rows_and_columns_that_a_binary_workbook_hides_are_not_read() {
    let shown = |sheet: &[u8], table: &[u8]| texts(&parse(&binary(sheet, table)).unwrap()).join("/");
    let columns = |flags: [u8; 2]| {
        let content = [0_u32.to_le_bytes().as_slice(), &1_u32.to_le_bytes(), &[0; 8], &flags].concat();
        [record(390, &[]), record(60, &content), record(391, &[])].concat()
    };
    let all = "Data: 10 | 11 | 12\n20 | 21 | 22\n30 | 31 | 32";
    assert_eq!(shown(&sheet(&columns([2, 0]), [0, 0], &[]), &[]), all);
    assert_eq!(shown(&sheet(&columns([1, 0]), [0, 0x10], &[]), &[]), "Data: 12\n32");
    // By a group that is folded, or a filter of the sheet or of a table on it.
    assert_eq!(shown(&sheet(&columns([1, 1]), [0, 0x11], &[]), &[]), all);
    let filter = [
        record(161, &[0; 16]),
        record(163, &[0; 6]),
        record(164, &[]),
        record(162, &[]),
    ]
    .concat();
    assert_eq!(shown(&sheet(&[], [0, 0x10], &filter), &[]), all);
    assert_eq!(shown(&sheet(&[], [0, 0x10], &record(660, &[1, 0, 0, 0])), &filter), all);
    let without_row = "Data: 10 | 11 | 12\n30 | 31 | 32";
    assert_eq!(
        shown(&sheet(&[], [0, 0x10], &record(660, &[1, 0, 0, 0])), &[]),
        without_row
    );
}

#[test]
fn records_that_were_altered_are_read_or_refused() {
    let good = sheet(&[], [0, 0x10], &record(660, &[1, 0, 0, 0]));
    for at in 0..good.len() {
        let mut altered = good.clone();
        let rest = altered.get_mut(at..).unwrap();
        for (byte, change) in rest.iter_mut().zip([0x5A, 0x80]) {
            *byte ^= change;
        }
        let _ = parse(&binary(&altered, &[0xFF; 9]));
    }
}
