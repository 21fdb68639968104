#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{Cursor, Write};

use crate::package::sample::{mutations, package, relationships};
use crate::pictures::Pictures;
use crate::{BlockKind, ParseError, ParsedDocument};

const CONTENT_TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="&quot;€&quot;0.00"/></numFmts>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="170"/></cellXfs></styleSheet>"#;
const STRINGS: &str = "<sst><si><t>Plan</t></si><si><t>Since</t></si><si><r><t>Sh</t></r><r><t>are</t></r></si></sst>";
const SHEET: &str = r#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData>
<row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c><c r="D3" t="s"><v>2</v></c><c r="E3" t="inlineStr"><is><t>Price</t></is></c><c r="F3" t="str"><v>Open</v></c></row>
<row r="4"><c r="B4" t="inlineStr"><is><t>Pro</t></is></c><c r="C4" s="1"><v>45000</v></c><c r="D4" s="2"><v>0.25</v></c><c r="E4" s="3"><f>A1*2</f><v>9.5</v></c><c r="F4" t="b"><v>1</v></c></row>
<row r="5"><c r="C5" s="1"><v>45001</v></c><c r="D5"><v>12</v></c><c r="E5" t="e"><v>#DIV/0!</v></c></row>
<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far away</t></is></c></row>
</sheetData><mergeCells count="1"><mergeCell ref="B4:B5"/></mergeCells></worksheet>"#;

pub(super) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    super::parse(bytes, &mut Pictures::default())
}

fn workbook(sheets: &[(&str, &str, &str)], strings: &str) -> Vec<u8> {
    let list: String = sheets
        .iter()
        .enumerate()
        .map(|(index, (name, attributes, _))| {
            format!(r#"<sheet name="{name}" sheetId="{index}" {attributes} r:id="s{index}"/>"#)
        })
        .collect();
    let main = format!(
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{list}</sheets></workbook>"#
    );
    let mut own = String::from("<Relationships>");
    for index in 0..sheets.len() {
        own.push_str(&format!(
            r#"<Relationship Id="s{index}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{index}.xml"/>"#
        ));
    }
    own.push_str("</Relationships>");
    let root = relationships(&[("r", "officeDocument", "xl/workbook.xml")]);
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), CONTENT_TYPES),
        ("_rels/.rels".to_owned(), root.as_str()),
        ("xl/workbook.xml".to_owned(), main.as_str()),
        ("xl/_rels/workbook.xml.rels".to_owned(), own.as_str()),
        ("xl/styles.xml".to_owned(), STYLES),
        ("xl/sharedStrings.xml".to_owned(), strings),
    ];
    parts.extend(
        sheets
            .iter()
            .enumerate()
            .map(|(index, (_, _, xml))| (format!("xl/worksheets/sheet{index}.xml"), *xml)),
    );
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    package(&parts)
}

/// The package with one part more.
fn with_part(bytes: &[u8], name: &str, text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new_append(Cursor::new(bytes.to_vec())).unwrap();
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn sheet_of(rows: &str) -> Vec<u8> {
    workbook(
        &[(
            "Data",
            "",
            &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        )],
        STRINGS,
    )
}

pub(super) fn texts(document: &ParsedDocument) -> Vec<String> {
    let text = |block: &crate::Block| format!("{}: {}", block.headings.join("/"), block.text);
    document.blocks.iter().map(text).collect()
}

#[test]
fn each_visible_sheet_is_a_heading_with_its_values_as_shown() {
    let hidden = SHEET.replace("Pro", "Secret");
    let document = parse(&workbook(
        &[("Prices", "", SHEET), ("Old", r#"state="hidden""#, &hidden)],
        STRINGS,
    ))
    .unwrap();
    assert_eq!(
        texts(&document),
        [
            "Prices: Plan | Since | Share | Price | Open\nPro | 2023-03-15 | 25% | €9.50 | TRUE\nPro | 2023-03-16 | 12 | #DIV/0! | ",
            "Prices: far away"
        ]
    );
    assert_eq!((document.blocks[0].kind, document.title), (BlockKind::Table, None));
}

#[test]
fn blocks_of_cells_are_tables_of_their_own() {
    let row = |number: usize, cells: &[(&str, &str)]| {
        let cells: String = cells
            .iter()
            .map(|(column, text)| match text.parse::<f64>() {
                Ok(_) => format!(r#"<c r="{column}{number}"><v>{text}</v></c>"#),
                Err(_) => format!(r#"<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>"#),
            })
            .collect();
        format!(r#"<row r="{number}">{cells}</row>"#)
    };
    let rows = [
        row(1, &[("A", "Price list")]),
        row(3, &[("A", "Plan"), ("C", "Euro"), ("H", "City"), ("I", "Head")]),
        row(5, &[("A", "Pro"), ("C", "9"), ("H", "Bonn"), ("I", "Ann")]),
        row(6, &[("A", "Max"), ("C", "12")]),
        row(8, &[("A", "City"), ("B", "Zip")]),
        row(9, &[("A", "Bonn"), ("B", "53111")]),
    ];
    let document = parse(&sheet_of(&rows.concat())).unwrap();
    let found = texts(&document);
    // An empty row under the header, and an empty column within, are for looks.
    assert_eq!(found[0], "Data: Price list");
    assert!(
        found.contains(&"Data: Plan | Euro\nPro | 9\nMax | 12".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"Data: City | Zip\nBonn | 53111".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_nul_in_a_cell_is_white_space_and_a_cell_of_them_is_empty() {
    let row = |number: usize, cells: [&str; 3]| {
        let cells: String = ["A", "B", "C"]
            .iter()
            .zip(cells)
            .map(|(column, text)| format!(r#"<c r="{column}{number}" t="inlineStr"><is><t>{text}</t></is></c>"#))
            .collect();
        format!(r#"<row r="{number}">{cells}</row>"#)
    };
    let rows = [
        row(1, ["Code_x0000_", "City", "_x0000_"]),
        row(2, ["AB_x0000__x0000_", "Bonn_x0000_|_x0000_Kiel", "_x0000__x0000_"]),
    ];
    let document = parse(&sheet_of(&rows.concat())).unwrap();
    assert_eq!(texts(&document), ["Data: Code | City\nAB | Bonn, Kiel"]);
}

#[test]
fn sheets_that_would_unfold_are_refused() {
    let diagonal: String = (1..6_000)
        .map(|index| {
            let column: String = column_name(index);
            format!(r#"<row r="{index}"><c r="{column}{index}"><v>1</v></c></row>"#)
        })
        .collect();
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let repeated: String = (1..4_000)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect();
    let sheet = format!("<worksheet><sheetData>{repeated}</sheetData></worksheet>");
    for (bytes, what) in [
        (sheet_of(&diagonal), "the space its cells span"),
        (workbook(&[("a", "", &sheet)], &long), "its text"),
    ] {
        match parse(&bytes) {
            Err(ParseError::TooLarge { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {:?}", other.map(|_| ())),
        }
    }
}

fn column_name(mut index: usize) -> String {
    let mut name = String::new();
    while index > 0 {
        index -= 1;
        name.insert(0, char::from(b'A' + u8::try_from(index % 26).unwrap()));
        index /= 26;
    }
    name
}

#[test]
fn mutated_workbooks_are_read_or_refused() {
    for mutated in mutations(SHEET, 400) {
        let _ = parse(&workbook(&[("a", "", &mutated)], STRINGS));
    }
    for mutated in mutations(STRINGS, 200) {
        let _ = parse(&workbook(&[("a", "", SHEET)], &mutated));
    }
    let main = r#"<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="a" sheetId="1" r:id="s"/></sheets><definedNames><definedName name="x">a!A1</definedName></definedNames></workbook>"#;
    for (part, sample) in [
        ("xl/workbook.xml", main),
        ("xl/styles.xml", STYLES),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id='s' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' Target='a.xml'/></Relationships>",
        ),
    ] {
        for mutated in mutations(sample, 150) {
            let mut parts = vec![
                ("xl/workbook.xml", main),
                ("xl/styles.xml", STYLES),
                ("xl/a.xml", SHEET),
            ];
            parts.retain(|(name, _)| *name != part);
            parts.push((part, &mutated));
            let _ = parse(&package(&parts));
        }
    }
}

const ODS_HEAD: &str = r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s"><office:automatic-styles>
<style:style style:name="off"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>"#;

fn opendocument(tables: &str) -> Vec<u8> {
    let content = format!("{ODS_HEAD}{tables}</office:spreadsheet></office:body></office:document-content>");
    package(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
    ])
}

fn ods_cell(attributes: &str, text: &str) -> String {
    format!("<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")
}

#[test]
fn an_opendocument_sheet_is_read_with_what_it_repeats() {
    let row = [
        ods_cell(r#"office:value-type="date" office:date-value="2024-05-01""#, "1. Mai"),
        ods_cell(r#"office:value-type="float" office:value="1234.50""#, "1.234,50"),
        ods_cell(r#"office:value-type="percentage" office:value="0.5""#, "50 %"),
        r#"<table:table-cell table:number-columns-repeated="16000"/>"#.to_owned(),
    ];
    let head = ["Day", "Amount", "Share"].map(|name| ods_cell(r#"office:value-type="string""#, name));
    let tables = format!(
        r#"<table:table table:name="A"><table:table-header-rows><table:table-row>{}</table:table-row></table:table-header-rows>
        <table:table-row table:number-rows-repeated="2">{}</table:table-row><table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row></table:table>
        <table:table table:name="B" table:style-name="off"><table:table-row>{}</table:table-row></table:table>"#,
        head.concat(),
        row.concat(),
        head.concat()
    );
    let document = parse(&opendocument(&tables)).unwrap();
    assert_eq!(
        texts(&document),
        ["A: Day | Amount | Share\n2024-05-01 | 1234.5 | 50 %\n2024-05-01 | 1234.5 | 50 %"]
    );
}

/// Plan, Cost and Price of three plans, the second of which is in the row that is given these attributes.
fn plans(columns: &str, second: &str) -> String {
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
    let row = |attributes: &str, texts: [&str; 3]| format!("<row {attributes}>{}</row>", texts.map(cell).concat());
    let rows = [
        row("", ["Plan", "Cost", "Price"]),
        row(r#"r="2""#, ["Pro", "1", "9"]),
        row(second, ["Old", "2", "8"]),
        row("", ["Max", "3", "19"]),
    ];
    format!("<cols>{columns}</cols><sheetData>{}</sheetData>", rows.concat())
}

#[test]
fn rows_and_columns_that_are_hidden_are_not_read() {
    let read = |sheet: &str, table: &str| {
        let sheet = format!("<worksheet>{sheet}</worksheet>");
        let mut parts = workbook(&[("Data", "", &sheet)], STRINGS);
        if !table.is_empty() {
            parts = with_part(&parts, "xl/tables/table1.xml", table);
        }
        texts(&parse(&parts).unwrap()).join("\n")
    };
    let second = r#"<col min="1" max="1" hidden="0"/><col min="2" max="2" width="0" hidden="1"/>"#;
    assert_eq!(
        read(&plans(second, r#"r="3" hidden="1""#), ""),
        "Data: Plan | Price\nPro | 9\nMax | 19"
    );
    assert_eq!(
        read(
            &plans("<col min='1' max='2' hidden='true'/>", "spans='1:3' hidden='true'"),
            ""
        ),
        "Data: Price\n9\n19"
    );
    // By a filter, or folded away.
    let all = "Data: Plan | Cost | Price\nPro | 1 | 9\nOld | 2 | 8\nMax | 3 | 19";
    let filter = r#"<autoFilter ref="A1:C4"><filterColumn colId="0"/></autoFilter>"#;
    let hidden = plans("", r#"hidden="1""#);
    for (sheet, table) in [
        (format!("{hidden}{filter}"), ""),
        (format!(r#"<sheetPr filterMode="1"/>{hidden}"#), ""),
        (format!("{hidden}<tableParts><tablePart/></tableParts>"), filter),
        (plans("", r#"hidden="1" outlineLevel="1""#), ""),
        (plans(r#"<col min="2" max="3" hidden="1" outlineLevel="2"/>"#, ""), ""),
    ] {
        assert_eq!(read(&sheet, table), all, "{sheet}");
    }
}

#[test]
fn a_merged_cell_is_read_as_long_as_some_of_it_is_shown() {
    let cell = |place: &str, text: &str| format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let sheet = format!(
        r#"<worksheet><cols><col min="1" max="1" hidden="1"/></cols><sheetData><row r="1">{}</row><row r="2">{}{}</row><row r="3">{}{}</row></sheetData>
        <mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells></worksheet>"#,
        cell("A1", "Prices"),
        cell("B2", "Plan"),
        cell("C2", "Euro"),
        cell("B3", "Pro"),
        cell("C3", "9")
    );
    let document = parse(&workbook(&[("Data", "", &sheet)], STRINGS)).unwrap();
    assert_eq!(texts(&document), ["Data: Prices", "Data: Plan | Euro\nPro | 9"]);
}

#[test]
fn rows_and_columns_that_an_opendocument_sheet_hides_are_not_read() {
    let row = |attributes: &str, texts: [&str; 3]| {
        let cells = texts.map(|text| ods_cell(r#"office:value-type="string""#, text));
        format!("<table:table-row {attributes}>{}</table:table-row>", cells.concat())
    };
    let collapsed = r#"table:visibility="collapse""#;
    let table = [
        r#"<table:table table:name="A"><table:table-column/>"#.to_owned(),
        format!("<table:table-column {collapsed}/><table:table-column table:number-columns-repeated=\"16382\"/>"),
        row("", ["Plan", "Cost", "Price"]),
        row(
            &format!(r#"{collapsed} table:number-rows-repeated="2""#),
            ["Old", "1", "8"],
        ),
        row(r#"table:visibility="filter""#, ["Pro", "2", "9"]),
        r#"<table:table-row-group table:display="false">"#.to_owned(),
        row(collapsed, ["Max", "3", "19"]),
        "</table:table-row-group></table:table>".to_owned(),
    ];
    let document = parse(&opendocument(&table.concat())).unwrap();
    assert_eq!(texts(&document), ["A: Plan | Price\nPro | 9\nMax | 19"]);
}

#[test]
fn a_cell_repeated_a_billion_times_is_refused_and_a_cut_table_ends() {
    let cell = ods_cell(r#"table:number-columns-repeated="16384""#, "bomb");
    let bomb = format!(
        r#"<table:table table:name="A"><table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row></table:table>"#
    );
    assert_eq!(parse(&opendocument(&bomb)).unwrap_err().code(), "too_large");
    let cut = package(&[(
        "content.xml",
        &format!(r#"{ODS_HEAD}<table:table table:name="A"><table:table-row>"#),
    )]);
    assert_eq!(parse(&cut).unwrap_err().code(), "damaged");
    for mutated in mutations(&bomb.replace("1048576", "3"), 300) {
        let _ = parse(&opendocument(&mutated));
    }
}

/// A workbook of before 2007 with one sheet, whose records are given as kind and content.
pub(super) fn compound(records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let record = |kind: u16, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap();
        [&kind.to_le_bytes(), &length.to_le_bytes(), content].concat()
    };
    let begin = |of: u16| record(0x0809, &[&[0, 6], of.to_le_bytes().as_slice(), &[0; 12]].concat());
    let end = record(0x000A, &[]);
    let globals = begin(5).len() + 4 + 6 + 2 + 3 + end.len();
    let name = [3, 0, b'o', b'l', b'd'];
    let bound = record(
        0x0085,
        &[&u32::try_from(globals).unwrap().to_le_bytes(), [0, 0].as_slice(), &name].concat(),
    );
    let mut stream = [begin(5), bound, end.clone()].concat();
    assert_eq!(stream.len(), globals);
    stream.extend(begin(0x10));
    for (kind, content) in records {
        stream.extend(record(*kind, content));
    }
    stream.extend(end);
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/Workbook").unwrap().write_all(&stream).unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

pub(super) fn number(row: u16, column: u16, value: f64) -> (u16, Vec<u8>) {
    let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
    (0x0203, [place, value.to_le_bytes().to_vec()].concat())
}

pub(super) fn dimensions(rows: u32, columns: u16) -> (u16, Vec<u8>) {
    let rows = [[0; 4], rows.to_le_bytes()].concat();
    (
        0x0200,
        [rows, [[0; 2], columns.to_le_bytes(), [0; 2]].concat()].concat(),
    )
}

#[test]
fn a_workbook_of_before_2007_is_read_within_bounds() {
    let document = parse(&compound(&[dimensions(2, 2), number(0, 0, 1.0), number(1, 1, 2.5)])).unwrap();
    assert_eq!(texts(&document), ["old: 1 | \n | 2.5"]);
    for records in [
        vec![number(0, 0, 1.0), number(65_535, 255, 1.0)],
        vec![dimensions(u32::MAX, u16::MAX), number(0, 0, 1.0)],
    ] {
        assert_eq!(parse(&compound(&records)).unwrap_err().code(), "too_large");
    }
    assert_eq!(
        parse(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 cut").unwrap_err().code(),
        "damaged"
    );
    let bytes = compound(&[dimensions(2, 2), number(0, 0, 1.0)]);
    for at in (0..bytes.len()).step_by(17) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x5A;
        let _ = parse(&flipped);
    }
}
