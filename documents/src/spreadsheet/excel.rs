use std::collections::HashMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Data, DataRef, Dimensions, Reader, SheetType, SheetVisible, WorkbookProperties, Xls, XlsError, Xlsb, XlsbError,
    Xlsx, XlsxError,
};

use super::FORMAT;
use super::binary_bounds;
use super::hidden::Hidden;
use super::limits::Contents;
use super::number::{display_date, display_number, general};
use super::sheet::{Merged, Sheet};
use super::sheet_parts::{OfSheet, SheetParts};
use crate::ParseError;
use crate::package::{Package, Properties, damaged, main_part};

/// Workbooks of before 2007. Number formats are not known, but for dates.
pub(super) fn compound_file(bytes: &[u8]) -> Result<(Properties, Vec<Sheet>), ParseError> {
    let hidden = binary_bounds::check(bytes)?;
    guarded(|| {
        let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsError::Password => ParseError::Encrypted { format: FORMAT },
            error => damaged(FORMAT, &error.to_string()),
        })?;
        let names = workbook.sheets_metadata().iter().map(|sheet| sheet.name.clone());
        let hidden: HashMap<String, Hidden> = names.zip(hidden).collect();
        let mut contents = Contents::default();
        let mut sheets = Vec::new();
        for name in visible(workbook.sheets_metadata()) {
            let mut sheet = Sheet::named(&name);
            let range = workbook.worksheet_range(&name).map_err(broken)?;
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                let row = top.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
                let column = left.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
                sheet.add(row, column, text_of(&borrowed(value), ""), &mut contents)?;
            }
            let merged = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
            sheet.fill(&areas(&merged), &mut contents)?;
            if let Some(hidden) = hidden.get(&name) {
                sheet.hide(hidden);
            }
            sheets.push(sheet);
        }
        Ok((properties(workbook.workbook_properties().unwrap_or_default()), sheets))
    })
}

/// Office Open XML, whose sheets are XML or, in the binary variant, records.
pub(super) fn package(package: &mut Package<'_>, bytes: &[u8]) -> Result<Vec<Sheet>, ParseError> {
    let mut parts = SheetParts::default();
    let is_read = |name: &str| !name.contains("/media/") && !name.contains("/embeddings/");
    package.check(is_read, |name, piece| parts.take(name, piece))?;
    let main = main_part(package, "xl/workbook.xml").or_else(|_| main_part(package, "xl/workbook.bin"))?;
    let is_binary = main.ends_with(".bin");
    if is_binary {
        let of_sheets = parts.by_binary_sheet(package);
        return guarded(|| binary(bytes, &of_sheets));
    }
    let of_sheets = parts.by_sheet(package, &main);
    guarded(|| xml(bytes, &of_sheets))
}

fn xml(bytes: &[u8], of_sheets: &HashMap<String, OfSheet>) -> Result<Vec<Sheet>, ParseError> {
    let broken = |error: XlsxError| match error {
        XlsxError::Password => ParseError::Encrypted { format: FORMAT },
        error => damaged(FORMAT, &error.to_string()),
    };
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let mut contents = Contents::default();
    let mut sheets = Vec::new();
    for name in visible(workbook.sheets_metadata()) {
        let mut sheet = Sheet::named(&name);
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(broken(error)),
        };
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(broken)? {
            let format = cells.styles().get(style).and_then(|style| style.number_format.as_ref());
            let format = format.map_or("General", |format| format.format_code.as_str());
            let (row, column) = cell.get_position();
            sheet.add(row, column, text_of(cell.get_value(), format), &mut contents)?;
        }
        drop(cells);
        let merged = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
        sheet.fill(&areas(&merged), &mut contents)?;
        sheet.belongs_to(of_sheets.get(&name));
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn binary(bytes: &[u8], of_sheets: &HashMap<String, OfSheet>) -> Result<Vec<Sheet>, ParseError> {
    let broken = |error: XlsbError| match error {
        XlsbError::Password => ParseError::Encrypted { format: FORMAT },
        error => damaged(FORMAT, &error.to_string()),
    };
    let mut workbook: Xlsb<_> = Xlsb::new(Cursor::new(bytes)).map_err(broken)?;
    let mut contents = Contents::default();
    let mut sheets = Vec::new();
    for name in visible(workbook.sheets_metadata()) {
        let mut sheet = Sheet::named(&name);
        let mut cells = workbook.worksheet_cells_reader(&name).map_err(broken)?;
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            let (row, column) = cell.get_position();
            sheet.add(row, column, text_of(cell.get_value(), ""), &mut contents)?;
        }
        sheet.belongs_to(of_sheets.get(&name));
        sheets.push(sheet);
    }
    Ok(sheets)
}

/// The reader of damaged binary records may panic; that is a fault of the file.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParseError>) -> Result<T, ParseError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(FORMAT, "its records contradict each other")))
}

/// Sheets that a reader of the workbook sees; charts are no tables.
fn visible(sheets: &[calamine::Sheet]) -> Vec<String> {
    let visible = sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let with_cells = visible.filter(|sheet| matches!(sheet.typ, SheetType::WorkSheet | SheetType::DialogSheet));
    with_cells.map(|sheet| sheet.name.clone()).collect()
}

fn text_of(value: &DataRef<'_>, format: &str) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if format.is_empty() => general(*number),
        DataRef::Float(number) => display_number(*number, format),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(date) => display_date(date, format),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn areas(merged: &[Dimensions]) -> Vec<Merged> {
    let area = |merged: &Dimensions| Merged {
        rows: (merged.start.0, merged.end.0),
        columns: (merged.start.1, merged.end.1),
    };
    merged.iter().map(area).collect()
}

fn broken(error: XlsError) -> ParseError {
    damaged(FORMAT, &error.to_string())
}

fn properties(found: WorkbookProperties) -> Properties {
    let mut properties = Properties::default();
    for (name, value) in [
        ("title", found.title),
        ("creator", found.creator),
        ("created", found.created),
        ("modified", found.modified),
        ("subject", found.subject),
        ("description", found.description),
        ("keywords", found.keywords),
    ] {
        properties.add(name, &value.unwrap_or_default());
    }
    properties
}

fn borrowed(data: &Data) -> DataRef<'_> {
    match data {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(date) => DataRef::DateTime(*date),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}
